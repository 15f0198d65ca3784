# Sourced by the scripts beside it, in the repository's root: what they need to run.

# python_with DIRECTORY REQUIREMENT...: an environment of its own with these packages from PyPI.
python_with() {
  local environment=$1 package
  shift
  [ -x "$environment/bin/python" ] || python3 -m venv "$environment"
  for package in "$@"; do
    "$environment/bin/python" -c "import ${package%%[=<>~!]*}" 2>/dev/null && continue
    echo "installing $package into $environment" >&2
    "$environment/bin/pip" -q install "$package"
  done
}

# release_build: the program as it is now; builds what has changed since the last time.
release_build() {
  Scripts/setup >&2
  swift build -c release --product dist-gan >&2
}
