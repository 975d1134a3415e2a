#!/usr/bin/env bash
# Makes examples/clip.mp4, the test picture of `npm start`: moving pattern, running clock, tone; H.264 + Opus; under 1 MB.
set -euo pipefail
cd "$(dirname "$0")/.."
font=$(fc-match -f '%{file}' monospace)
ffmpeg -hide_banner -loglevel error -y \
	-f lavfi -i "testsrc2=size=640x360:rate=30:duration=10" \
	-f lavfi -i "sine=frequency=440:beep_factor=4:sample_rate=48000:duration=10" \
	-vf "drawtext=fontfile=${font}:text='%{pts\\:hms}':x=(w-tw)/2:y=h-60:fontsize=36:fontcolor=white:box=1:boxcolor=black@0.6:boxborderw=8" \
	-c:v libx264 -profile:v baseline -pix_fmt yuv420p -preset veryslow -b:v 500k -maxrate 600k -bufsize 600k -g 60 -keyint_min 60 -sc_threshold 0 -bf 0 \
	-c:a libopus -b:a 64k -ac 2 \
	-shortest -movflags +faststart -map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact \
	examples/clip.mp4
size=$(stat -c %s examples/clip.mp4)
[ "$size" -le 1000000 ] || { echo "examples/clip.mp4 is $size bytes, over 1 MB" >&2; exit 1; }
