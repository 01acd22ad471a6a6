# Sourced by deploy/private-*: the life of a server that belongs to whoever started it.
#
# Standard input is a pipe from the parent. A line on it is an order: stop, kill (SIGKILL), start; each keeps data, ports
# and name, and is answered by one line (stopped | killed | ready … | failed …). The end of it, which comes however the parent dies,
# ends the server and removes its folder, unless that is a kept one. Any other line printed is for people.
#
# The script that sources this defines: launch (starts the server, sets $pid), answers (true once it serves),
# halt (asks $pid to stop in good order), cut (ends it at once), ready (prints the ready line).
set -eu
python=${PYTHON:-python3}
folder='' pid='' kept=''

fail() {
    echo "failed $*"
    exit 1
}

leave() {
    trap '' INT HUP TERM
    if [ -n "$kept" ]; then
        end_in_order
        return
    fi
    [ -z "$pid" ] || cut
    [ -z "$folder" ] || rm -rf "$folder" || { sleep 1 && rm -rf "$folder"; }
}
trap '' PIPE
trap 'exit 130' INT HUP TERM
trap leave EXIT

for tool in setsid flock "$python"; do
    command -v "$tool" >/dev/null || fail "A private server needs $tool, which is not on the path."
done

# What deploy/unpack-debian laid under $1 finds its own libraries.
use_libraries() {
    libraries=$(echo "$1"/usr/lib/*-linux-gnu* "$1"/lib/*-linux-gnu* | tr ' ' ':')
    export LD_LIBRARY_PATH="$libraries"
}

install_as_root() {
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install "$1"; } >/dev/null
}

# Its owner's alone: patients' data is in it.
make_folder() { folder=$(mktemp -d "${TMPDIR:-/tmp}/pmp-$1-XXXXXX"); }

# What stands in this folder is found again by the next server, and stays. One server at a time; ours holds the lock too, should it
# outlive this script.
keep_folder() {
    (umask 077 && mkdir -p "$1") && [ -w "$1" ] || fail "The folder $1 cannot be written."
    exec 9>"$1/lock"
    flock -w 5 9 || fail "Another server is at work in $1: end what started it, or set PMP_AMQP_URL to that one."
    folder=$1 kept=yes
    : >"$folder/log"
}

# Below Linux's range for outgoing connections, so that a stopped server finds its port free when it starts again.
free_ports() {
    "$python" -c '
import random, socket, sys
for port in random.sample(range(20000, 32000), 12000):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
    print(port)
    sys.argv[1] = str(int(sys.argv[1]) - 1)
    if sys.argv[1] == "0":
        break
' "$1"
}

# Starts the server and waits until it answers; false when it ends before, or takes more than a minute and a half.
launch_and_wait() {
    launch
    waited=0
    until answers; do
        if ! kill -0 "$pid" 2>/dev/null || [ "$waited" -ge 450 ]; then
            cut
            return 1
        fi
        waited=$((waited + 1))
        sleep 0.2
    done
}

# What is kept is left in good order; a server that does not end within twenty seconds is ended.
end_in_order() {
    [ -n "$pid" ] || return 0
    kill -TERM "$pid" 2>/dev/null || :
    waited=0
    while kill -0 "$pid" 2>/dev/null && [ "$waited" -lt 100 ]; do
        waited=$((waited + 1))
        sleep 0.2
    done
    cut
}

wait_end() {
    wait "$pid" 2>/dev/null || :
    pid=''
}

# A server that has been killed may hold its port or memory for a moment: three tries.
start_again() {
    for pause in 1 2 0; do
        if launch_and_wait; then
            ready
            return
        fi
        sleep "$pause"
    done
    fail "The server did not come back; the last lines of its log: $(tail -n 3 "$folder/log" | tr '\n' ' ')"
}

obey() {
    while read -r order; do
        case $order in
        start) [ -n "$pid" ] && ready || start_again ;;
        stop) [ -z "$pid" ] || halt; echo stopped ;;
        kill) [ -z "$pid" ] || { kill -KILL "$pid"; wait_end; }; echo killed ;;
        *) echo "failed There is no order '$order'." ;;
        esac
    done
}
