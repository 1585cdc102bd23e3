# What a Raspberry Pi runs, with the aarch64 wheels, and qemu to run it: sourced by the scripts beside this one.
# Needs Debian, and no root: packages are unpacked into a cache, none is installed. Timings mean nothing.
here=$(cd "$(dirname "$0")/../../.." && pwd)
cache=${HEIRLOOM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/heirloom}/aarch64
python=3.11
# qemu 7 of Debian 12 crashes in LiteRT: Debian 13 has 10.
host=(qemu-user)
guest=(python$python python$python-minimal libpython$python-stdlib libpython$python-minimal libc6 libstdc++6
  libgcc-s1 zlib1g libexpat1 libffi8 libbz2-1.0 liblzma5 libssl3 libsqlite3-0 libuuid1)

missing() { echo "aarch64: $1" >&2; exit 77; }
[ -x "$here/.venv/bin/heirloom" ] ||
  missing "Heirloom is not installed in .venv: python3 -m venv .venv && .venv/bin/pip install ."
command -v apt-get dpkg-deb > /dev/null || missing "apt-get and dpkg-deb are needed: run this on Debian."
sources=/etc/apt/sources.list.d/debian.sources
[ -f $sources ] || missing "$sources is needed to know where Debian's packages are."

# debs RELEASE ARCHITECTURE FOLDER PACKAGE...: unpack packages of another release or machine.
debs() {
  local release=$1 architecture=$2 folder=$3 work
  shift 3
  [ -d "$folder" ] && return
  work=$(mktemp -d "$cache/partial.XXXX")
  mkdir -p "$work/lists/partial" "$work/archives" "$work/root"
  awk -v RS= 'NR == 1' $sources | sed "s/^Suites:.*/Suites: $release/" > "$work/one.sources"
  local options=(-qq -o "Dir::Etc::SourceList=$work/one.sources" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$work/lists" -o "APT::Architecture=$architecture"
    -o "APT::Architectures=$architecture" -o APT::Sandbox::User=root
    -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache=")
  apt-get "${options[@]}" update
  (cd "$work/archives" && apt-get "${options[@]}" download "$@")
  for package in "$work"/archives/*.deb; do dpkg-deb -x "$package" "$work/root"; done
  mv "$work/root" "$folder"
  rm -rf "$work"
}

mkdir -p "$cache"
debs trixie "$(dpkg --print-architecture)" "$cache/qemu" "${host[@]}"
debs bookworm arm64 "$cache/root" "${guest[@]}"

# The wheels that a Pi would install, and Heirloom itself from this folder.
wheels=$cache/wheels-$(sha256sum "$here/pyproject.toml" | cut -c 1-12)
if [ ! -d "$wheels" ]; then
  work=$(mktemp -d "$cache/partial.XXXX")
  "$here/.venv/bin/python" -P - "$here/pyproject.toml" > "$work/needed" <<'END'
import sys, tomllib
project = tomllib.load(open(sys.argv[1], "rb"))["project"]
print(*project["dependencies"], *project["optional-dependencies"]["kiosk"], sep="\n")
END
  # The versions of this machine, so that only the machine differs.
  "$here/.venv/bin/pip" freeze -q --exclude-editable > "$work/here"
  # Has no wheel, but runs everywhere.
  "$here/.venv/bin/pip" wheel -q --no-deps -w "$work/pure" -c "$work/here" sdnotify
  "$here/.venv/bin/pip" install -q --find-links "$work/pure" --target "$work/packages" --only-binary=:all: --python-version $python \
    --platform manylinux2014_aarch64 --platform manylinux_2_27_aarch64 --platform manylinux_2_28_aarch64 \
    --implementation cp -r "$work/needed" -c "$work/here"
  mv "$work/packages" "$wheels"
  rm -rf "$work"
fi

qemu=$cache/qemu/usr/bin/qemu-aarch64
pi_python=$cache/root/usr/bin/python$python
export QEMU_LD_PREFIX=$cache/root PYTHONDONTWRITEBYTECODE=1
heirloom='import sys; from edge.commands.main import main; sys.exit(main())'

# python_on_pi ARGUMENT...: Python as on a Pi.
python_on_pi() { PYTHONPATH="$here:$wheels" "$qemu" "$pi_python" -P "$@"; }
# on_pi ARGUMENT...: `heirloom` as on a Pi.
on_pi() { python_on_pi -c "$heirloom" "$@"; }
