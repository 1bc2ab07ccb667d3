#!/bin/sh
# @NAME@ @VERSION@: installs for the person who runs it, without root.
#
#     sh @FILE@ [--into FOLDER] [--help]
#
# Below the last line of this script lies the program, packed.
set -eu
umask 022

name='@NAME@' version='@VERSION@' package='@PACKAGE@' command='@COMMAND@'
data=${XDG_DATA_HOME:-$HOME/.local/share}
into=$data/$package
bin=$HOME/.local/bin

fail() {
    echo "$1" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
        --into)
            [ $# -gt 1 ] || fail "Expected a folder after --into, found nothing. Name one."
            into=$2
            shift
            ;;
        --help | -h)
            echo "$name $version: sh $0 [--into FOLDER]"
            echo "Installs into FOLDER ($into) and adds it to your menu."
            echo "To remove it again: sh \"$into/uninstall.sh\""
            exit 0
            ;;
        *) fail "Expected --into FOLDER or --help, found $1. See --help." ;;
    esac
    shift
done
case $into in
    /*) ;;
    *) into=$PWD/$into ;;
esac
case $into in
    *[\"\\\`\$\&\|%]*) fail "Expected a folder without \" \\ \` \$ & | %, found $into. Name another with --into." ;;
esac
[ "$(uname -m)" = '@MACHINE@' ] ||
    fail "Expected a @MACHINE@ processor, found $(uname -m). There is no package for it."
glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed 's/glibc //')
oldest=$(printf '%s\n' "${glibc:-0}" '@GLIBC@' | sort -V | head -n 1)
[ "$oldest" = '@GLIBC@' ] ||
    fail "Expected glibc @GLIBC@ or newer (Debian 12, Ubuntu 23.04, Fedora 37 and later), found ${glibc:-none}. This system is too old for it."

is_running() {
    for process in /proc/[0-9]*/exe; do
        case $(readlink "$process" 2>/dev/null) in
            "$into"/*) return 0 ;;
        esac
    done
    return 1
}
if [ -e "$into" ] && [ ! -f "$into/uninstall.sh" ]; then
    fail "$into is there and was not installed by this. Move it away, or name another folder with --into."
fi
if is_running; then
    fail "$name is running. Close its window and run this again."
fi
mkdir -p "$(dirname "$into")"
room=$(df -Pk "$(dirname "$into")" | awk 'NR == 2 { print $4 }')
[ "$room" -gt '@KIBIBYTES@' ] ||
    fail "Expected $((@KIBIBYTES@ / 1024)) MB of room in $(dirname "$into"), found $((room / 1024)) MB. Make room and run this again."

payload() { tail -n +@LINES@ "$0"; }
echo "Installing $name $version into $into"
[ "$(payload | sha256sum | cut -d ' ' -f 1)" = '@SHA256@' ] ||
    fail "This file is damaged: its sum is not the one it was made with. Download it again."
draft=$(mktemp -d "$(dirname "$into")/.$package-XXXXXX")
trap 'rm -rf "$draft"' EXIT
trap 'exit 130' INT TERM
payload | gzip -dc | tar -xf - -C "$draft"
"$draft/$command" --version >"$draft/said" 2>&1 ||
    fail "The program does not start here: $(cat "$draft/said")"
rm "$draft/said"

missing=$(LD_LIBRARY_PATH=$draft/_internal:$draft/_internal/PySide6/Qt/lib \
    ldd "$draft/_internal/PySide6/Qt/plugins/platforms/libqxcb.so" 2>/dev/null |
    awk '/not found/ { print $1 }' | sort -u | tr '\n' ' ')

if [ -e "$into" ]; then
    mv "$into" "$draft.old"
fi
mv "$draft" "$into"
chmod 755 "$into"
rm -rf "$draft.old"

apps=$data/applications icons=$data/icons/hicolor kinds=$data/mime/packages
mkdir -p "$apps" "$kinds" "$bin"
sed -e "s|@PROGRAM@|$into/$command|" "$into/share/$command.desktop" >"$apps/$command.desktop"
cp "$into/share/$package.xml" "$kinds/$package.xml"
for size in @SIZES@; do
    mkdir -p "$icons/${size}x$size/apps"
    cp "$into/share/$command-$size.png" "$icons/${size}x$size/apps/$command.png"
done
mkdir -p "$icons/scalable/apps"
cp "$into/share/$command.svg" "$icons/scalable/apps/$command.svg"
for link in "$command" '@CONSOLE@'; do
    if [ -L "$bin/$link" ] || [ ! -e "$bin/$link" ]; then
        ln -sf "$into/$command" "$bin/$link"
    fi
done
{
    echo '#!/bin/sh'
    echo "# Removes $name; settings and projects stay."
    echo 'set -eu'
    printf "into='%s' apps='%s' icons='%s' kinds='%s' bin='%s'\n" "$(echo "$into" | sed "s/'/'\\\\''/g")" \
        "$(echo "$apps" | sed "s/'/'\\\\''/g")" "$(echo "$icons" | sed "s/'/'\\\\''/g")" \
        "$(echo "$kinds" | sed "s/'/'\\\\''/g")" "$(echo "$bin" | sed "s/'/'\\\\''/g")"
    cat <<'REMOVAL'
for link in '@COMMAND@' '@CONSOLE@'; do
    case $(readlink "$bin/$link" || true) in
        "$into"/*) rm -f "$bin/$link" ;;
    esac
done
rm -f "$apps/@COMMAND@.desktop" "$kinds/@PACKAGE@.xml" "$icons/scalable/apps/@COMMAND@.svg"
for size in @SIZES@; do
    rm -f "$icons/${size}x$size/apps/@COMMAND@.png"
    rmdir "$icons/${size}x$size/apps" "$icons/${size}x$size" 2>/dev/null || true
done
rmdir "$icons/scalable/apps" "$icons/scalable" 2>/dev/null || true
if command -v update-mime-database >/dev/null; then update-mime-database "$(dirname "$kinds")" || true; fi
if command -v update-desktop-database >/dev/null; then update-desktop-database -q "$apps" || true; fi
cd /
rm -rf "$into"
echo 'Removed @NAME@. Your settings and projects are where they were.'
REMOVAL
} >"$into/uninstall.sh"
if command -v update-mime-database >/dev/null; then update-mime-database "$data/mime" || true; fi
if command -v update-desktop-database >/dev/null; then update-desktop-database -q "$apps" || true; fi

echo "Installed. It stands in your menu, and as $bin/$command for a terminal."
[ -z "$missing" ] || echo "Before a window can open, your system has to install what holds: $missing"
echo "To remove it again: sh \"$into/uninstall.sh\""
exit 0
