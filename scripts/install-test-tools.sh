#!/usr/bin/env bash
# Installs the system packages that the tests need (Debian); does nothing where they are there, fails where it can't install.
set -euo pipefail

declare -A packages=([chromium]=chromium [ffmpeg]=ffmpeg [ffprobe]=ffmpeg [ip]=iproute2 [jq]=jq)
missing=()
for tool in "${!packages[@]}"; do
	command -v "$tool" >/dev/null 2>&1 || [ -x "/usr/sbin/$tool" ] || missing+=("${packages[$tool]}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
echo "installing test tools: ${missing[*]} …"
if ! command -v apt-get >/dev/null 2>&1; then
	echo "the tests need ${missing[*]}; there is no apt-get here: install them by hand" >&2
	exit 1
fi
sudo=""
[ "$(id -u)" -eq 0 ] || sudo="sudo -n"
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
