#!/bin/sh
# leave ID: the results are safe elsewhere: stops the machine if the job asked for that. Whether it stops or terminates is
# the instance's own attribute.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
rm -f "$end_file"
case $(cat "$private/onexit" 2>/dev/null) in
    Stop | Terminate)
        as_root shutdown -h now || as_root poweroff || say "fe2: this machine could not be shut down"
        ;;
esac
