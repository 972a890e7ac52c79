# Whoever boots a live medium lands on the router's command line; its `shell` leads here.
if [ -e /run/daybreak/open-console ] && [ -t 0 ] && [ -z "${SSH_CONNECTION:-}" ] && [ -z "${DAYBREAK_SHELL:-}" ]; then
    export DAYBREAK_SHELL=1
    vrouter
fi
