# Begins a run or goes on with it; to be sourced by job scripts.
# shellcheck shell=bash disable=SC2034 # what is set here is for those who source it

# output_of ARGUMENTS...: sets `output`, the directory that --output names; a job that will be started again must know it.
output_of() {
  output=
  while [ $# -gt 0 ]; do
    case $1 in
      --output) output=${2-} ;;
      --output=*) output=${1#--output=} ;;
      --resume|--resume=*) echo "$0: give --output alone: the job goes on by itself when checkpoints are there" >&2; return 64 ;;
    esac
    shift
  done
  [ -n "$output" ] || { echo "$0: --output DIRECTORY is needed, so that a job that is started again finds its checkpoints" >&2; return 64; }
}

# newest_checkpoint: prints the name of the newest checkpoint in $output; nothing when there is none.
newest_checkpoint() {
  local file step newest=-1
  for file in "$output"/checkpoints/step-*.h5; do
    step=${file##*/step-} step=${step%.h5}
    [[ $step =~ ^[0-9]+$ ]] && [ "$step" -gt "$newest" ] && newest=$step
  done
  [ "$newest" -lt 0 ] || echo "step-$newest.h5"
}

# beginning ARGUMENTS...: sets `arguments` to what the program is given: as they are the first time, later with --resume for --output.
beginning() {
  arguments=("$@")
  if [ -n "$(newest_checkpoint)" ]; then
    local words=() word skip=0
    for word in "$@"; do
      if [ $skip = 1 ]; then skip=0; continue; fi
      case $word in
        --output) skip=1 ;;
        --output=*) ;;
        *) words+=("$word") ;;
      esac
    done
    arguments=("${words[@]}" --resume "$output")
  elif [ -e "$output/log.jsonl" ]; then
    # It ended before its first checkpoint: a run does not begin in the place of another one.
    mv "$output" "$output.ended-$(date +%Y%m%d-%H%M%S)"
  fi
}

# should_go_on CODE BEFORE: whether a job that ended with CODE should be started again; BEFORE is the newest checkpoint at its start.
# Only when its script was warned of the end by USR1 (`warned`, which Launch/supervise.sh sets): a TERM comes from who cancels the job, or
# from a scheduler that puts it back by itself. The code tells little: a launcher may make another one of 75 when it kills the slower ranks.
# Without a newer checkpoint the next try would do no better.
should_go_on() {
  local now
  now=$(newest_checkpoint)
  [ "${warned:-0}" = 1 ] && [ "$1" != 0 ] && [ -n "$now" ] && [ "$now" != "$2" ]
}
