# A run in the background that signals end with a checkpoint; to be sourced by launchers: supervise COMMAND...
#
# TERM, INT and USR1 become USR1 for the command, which is mpirun or becomes it by exec: its ranks then write a checkpoint and leave with 75
# (mpirun itself would kill them within two seconds of a TERM). A second Ctrl-C ends the run at once, with 130. Sets `code`, the exit code,
# and `warned`, 1 when a USR1 came.
# shellcheck shell=bash disable=SC2034 # what is set here is for those who source it

supervise() {
  # A process group of its own: Ctrl-C would otherwise reach mpirun as well, which kills the ranks while they write their checkpoint.
  set -m
  "$@" </dev/null &
  job=$!
  set +m

  interrupts=0 signalled=0 warned=0
  trap 'stop TERM' TERM
  trap 'stop USR1' USR1
  trap 'stop INT' INT

  # A trapped signal ends `wait` early, while the ranks are still writing: then wait again.
  while :; do
    signalled=0 code=0
    wait "$job" || code=$?
    [ "$signalled" = 1 ] && kill -0 "$job" 2>/dev/null || break
  done
  if [ "$signalled" = 1 ]; then # It ended while a signal was handled: bash still knows its code, unless `wait` has told it already.
    local last=0
    wait "$job" 2>/dev/null || last=$?
    [ "$last" = 127 ] || code=$last
  fi
  [ "$interrupts" -lt 2 ] || code=130
}

stop() { # The first signal asks for a checkpoint; a second Ctrl-C ends the run at once.
  signalled=1
  [ "$1" = USR1 ] && warned=1
  [ "$1" = INT ] && interrupts=$((interrupts + 1))
  if [ "$interrupts" -gt 1 ]; then kill -INT "$job" 2>/dev/null || true
  else kill -USR1 "$job" 2>/dev/null || true; fi
}
