#!/bin/sh
# Answers questions about this server and changes nothing: no file is written, no service is started, nothing is
# installed or sent. Two programs do more than look: hostname -f may ask the name server of this host for its own
# name, and rabbitmqctl starts an Erlang for a moment, which may leave a cookie file in the home folder of the account.
# It is asked for its version only where no package tells it, and, by root and rabbitmq alone, to list the virtual
# hosts of the broker and the permissions on them: list_vhosts and list_permissions, which print no password.
# What is asked stands near the end, between the two request lines. The programs that may run are the ones named here:
# awk base64 cat date df dpkg-query getconf gzip head hostname id ip ls nproc rabbitmqctl rpm sort stat systemctl
# timeout tr true uname. Runs alike in dash, bash and busybox. Everything is a function, called on the last line, so
# that a script cut short on its way runs nothing.

LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL PATH
set -fu

# JSON strings for awk: bytes that are not UTF-8 become U+FFFD. Printed at once, since long texts are slow to join.
json_library='
BEGIN { ORS = ""; for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i }
function within(s, i, low, high,   byte) {
  byte = code[substr(s, i, 1)]
  return byte >= low && byte <= high
}
function character_size(s, i, byte) {
  if (byte >= 194 && byte <= 223) return within(s, i + 1, 128, 191) ? 2 : 0
  if (byte >= 224 && byte <= 239)
    return within(s, i + 1, byte == 224 ? 160 : 128, byte == 237 ? 159 : 191) && within(s, i + 2, 128, 191) ? 3 : 0
  if (byte >= 240 && byte <= 244)
    return within(s, i + 1, byte == 240 ? 144 : 128, byte == 244 ? 143 : 191) && within(s, i + 2, 128, 191) \
      && within(s, i + 3, 128, 191) ? 4 : 0
  return 0
}
function put(s,   i, size, byte, letter, length_of_s) {
  print "\""
  length_of_s = length(s)
  for (i = 1; i <= length_of_s; i += size) {
    letter = substr(s, i, 1); byte = code[letter]; size = 1
    if (letter == "\"" || letter == "\\") print "\\" letter
    else if (byte < 32) printf "\\u%04x", byte
    else if (byte < 128) print letter
    else if (character_size(s, i, byte)) { size = character_size(s, i, byte); print substr(s, i, size) }
    else print "\\ufffd"
  }
  print "\""
}
'

has() { command -v "$1" >/dev/null 2>&1; }

quoted() {
  case $1 in
    *[!A-Za-z0-9\ ._:/-]*) words=$1 awk "$json_library"'BEGIN { put(ENVIRON["words"]) }' ;;
    *) printf '"%s"' "$1" ;;
  esac
}

# say OUTCOME DETAIL: an answer without a value.
say() { printf '"outcome":"%s","detail":' "$1"; quoted "$2"; }

# The time since the start of the server, in hundredths of a second.
read_clock() {
  read -r ticks rest </proc/uptime || ticks=0.00
  ticks=${ticks%%.*}${ticks#*.}
  while :; do case $ticks in 0?*) ticks=${ticks#0} ;; *) break ;; esac; done
}

# Some versions of timeout lack -k, some servers lack timeout: then only the collector's own deadline holds.
find_timeout() {
  timeout=
  if timeout 5 true 2>/dev/null; then timeout='timeout'; fi
  if timeout -k 2 5 true 2>/dev/null; then timeout='timeout -k 2'; fi
}

# limit PROGRAM ARGUMENT...: run it for as long as one question may take, or until the deadline.
limit() {
  read_clock
  seconds=$((deadline_seconds - (ticks - begun) / 100))
  if [ "$seconds" -gt "$question_seconds" ]; then seconds=$question_seconds; fi
  if [ "$seconds" -lt 1 ]; then return 124; fi
  if [ -n "$timeout" ]; then $timeout "$seconds" "$@"; else "$@"; fi
}

# refuse EXIT_CODE WORDS: say in which way a program could not look. Only "does not exist" is proof of absence.
refuse() {
  case $1 in 124 | 137 | 143) say failed 'out of time'; return ;; esac
  case $2 in
    *': No such file or directory' | *': Not a directory') say missing '' ;;
    *': Permission denied' | *': Operation not permitted') say denied "$2" ;;
    *) say failed "$2" ;;
  esac
}

# look PATH: whether it exists; prints the answer itself if it does not.
look() {
  case $1 in /*) ;; *) say failed 'the path is not absolute'; return 1 ;; esac
  words=$(limit ls -dL "$1" 2>&1 >/dev/null) && return 0
  refuse "$?" "$words"
  return 1
}

# can_read PATH: whether its content may be read; prints the answer itself if not.
can_read() {
  words=$(limit head -c 1 "$1" 2>&1 >/dev/null) && return 0
  refuse "$?" "$words"
  return 1
}

# content PATH BYTES: the first bytes without NUL, and an x that keeps the line ends before it.
content() { limit head -c "$2" "$1" 2>/dev/null | tr -d '\000'; printf x; }

answer_file() {
  look "$1" || return 0
  if [ -d "$1" ]; then say missing 'it is a folder'; return; fi
  words=$(limit stat -L -c '%s %Y' "$1" 2>&1) || { refuse "$?" "$words"; return; }
  size=${words% *} modified=$(date -u -d "@${words#* }" +%Y-%m-%dT%H:%M:%SZ)
  bytes=$2 text=
  case $bytes in *[!0-9]* | ???????*) say failed 'the limit is not a number'; return ;; esac
  if [ -n "$bytes" ]; then
    if [ ! -f "$1" ]; then say failed 'it is not a regular file'; return; fi
    can_read "$1" || return 0
    if [ "$bytes" -gt 65536 ]; then bytes=65536; fi
    text=$(content "$1" "$bytes")
    text=${text%x}
  fi
  place=$1 size=$size modified=$modified asked=$bytes text=$text awk "$json_library"'BEGIN {
    print "\"outcome\":\"ok\",\"value\":{\"path\":"; put(ENVIRON["place"])
    print ",\"size\":" ENVIRON["size"] ",\"modified\":"; put(ENVIRON["modified"])
    print ",\"version\":null"
    if (ENVIRON["asked"] != "") { print ",\"text\":"; put(ENVIRON["text"]) }
    print "}"
  }'
}

answer_directory() {
  look "$1" || return 0
  if [ ! -d "$1" ]; then say missing 'it is not a folder'; return; fi
  words=$(limit ls -a "$1/" 2>&1 >/dev/null) || { refuse "$?" "$words"; return; }
  if [ ! -x "$1" ]; then say denied 'the folder may be listed, but not what its entries are'; return; fi
  place=$1 like=${2:-*} most=${3:-500} complete=true
  case $most in *[!0-9]* | ?????*) say failed 'the limit is not a number'; return ;; esac
  if [ "$most" -gt 500 ]; then most=500; fi
  set --
  set +f
  for entry in "${place%/}"/.* "${place%/}"/*; do
    name=${entry##*/}
    case $name in . | ..) continue ;; esac
    # shellcheck disable=SC2254 # the pattern is wanted as a pattern
    case $name in $like) ;; *) continue ;; esac
    if [ ! -e "$entry" ] && [ ! -h "$entry" ]; then continue; fi
    if [ "$#" -ge "$most" ]; then complete=false; break; fi
    if [ -d "$entry" ]; then set -- "$@" "true$name"; else set -- "$@" "file$name"; fi
  done
  set -f
  place=$place complete=$complete awk -- "$json_library"'BEGIN {
    for (i = 1; i < ARGC; i++) {
      for (j = i; j > 1 && substr(sorted[j - 1], 5) "" > substr(ARGV[i], 5) ""; j--) sorted[j] = sorted[j - 1]
      sorted[j] = ARGV[i]
    }
    print "\"outcome\":\"ok\",\"complete\":" ENVIRON["complete"] ",\"value\":{\"path\":"; put(ENVIRON["place"])
    print ",\"entries\":["
    for (i = 1; i < ARGC; i++) {
      print (i > 1 ? "," : "") "{\"name\":"; put(substr(sorted[i], 5))
      print ",\"folder\":" (substr(sorted[i], 1, 4) == "true" ? "true" : "false") "}"
    }
    print "]}"
  }' "$@"
}

# The kernel's own tables; a process can be named only where its open files may be looked at.
answer_listener() {
  if [ ! -r /proc/net/tcp ]; then say failed '/proc/net/tcp cannot be read'; return; fi
  set +f
  limit ls -ln /proc/[0-9]*/fd 2>/dev/null | awk "$json_library"'
    function number(hexadecimal,   i, result) {
      for (i = 1; i <= length(hexadecimal); i++)
        result = result * 16 + index("0123456789abcdef", tolower(substr(hexadecimal, i, 1))) - 1
      return result + 0
    }
    function dotted(word) {
      return number(substr(word, 7, 2)) "." number(substr(word, 5, 2)) "." number(substr(word, 3, 2)) "." \
        number(substr(word, 1, 2))
    }
    function colons(words,   i, word, group, result) {
      if (substr(words, 1, 24) == "0000000000000000FFFF0000") return "::ffff:" dotted(substr(words, 25))
      for (i = 0; i < 8; i++) {
        word = substr(words, int(i / 2) * 8 + 1, 8)
        group = i % 2 ? substr(word, 3, 2) substr(word, 1, 2) : substr(word, 7, 2) substr(word, 5, 2)
        sub(/^0+/, "", group)
        result = result ":" (group == "" ? "0" : tolower(group))
      }
      if (match(result, /:0(:0)+/)) {
        group = substr(result, RSTART + RLENGTH)
        result = substr(result, 1, RSTART - 1) (group == "" ? "::" : ":" group)
        return RSTART == 1 ? result : substr(result, 2)
      }
      return substr(result, 2)
    }
    function listen(table,   line, field, at, inode, pid, name) {
      while ((getline line < table) > 0) {
        split(line, field)
        if (field[4] != "0A") continue
        split(field[2], at, ":"); inode = field[10]; pid = 0; name = ""
        if (inode in owner) { pid = owner[inode]; getline name < ("/proc/" pid "/comm"); close("/proc/" pid "/comm") }
        print (listeners++ ? "," : "") "{\"address\":"; put(length(at[1]) == 8 ? dotted(at[1]) : colons(at[1]))
        print ",\"port\":" number(at[2]) ",\"process\":"; put(name); print ",\"pid\":" pid "}"
      }
    }
    /^\/proc\/[0-9]+\/fd:$/ { split($0, part, "/"); holder = part[3] + 0 }
    /socket:\[[0-9]+\]$/ {
      inode = $NF; gsub(/[^0-9]/, "", inode)
      if (!(inode in owner) || holder < owner[inode]) owner[inode] = holder
    }
    END {
      print "\"outcome\":\"ok\",\"value\":{\"listeners\":["
      listen("/proc/net/tcp"); listen("/proc/net/tcp6")
      print "]}"
    }'
  set -f
}

answer_clock() {
  offset=$(date +%z)
  minutes=${offset#???} hours=${offset#?}
  minutes=$(((1${hours%??} - 100) * 60 + 1$minutes - 100))
  now=$(date -u +%Y-%m-%dT%H:%M:%S.%3N)
  case $now in *.[0-9][0-9][0-9]) ;; *) now=${now%%.*}.000 ;; esac
  sign=${offset%????}
  printf '"outcome":"ok","value":{"utc":"%sZ","zone":' "$now"
  quoted "$(date +%Z)"
  printf ',"offset_minutes":%s%d}' "${sign#+}" "$minutes"
}

answer_account() {
  if [ "$(id -u)" -eq 0 ]; then administrator=true; else administrator=false; fi
  printf '"outcome":"ok","value":{"administrator":%s}' "$administrator"
}

# finish EXIT_CODE TEXT: the answer of a command.
finish() {
  case $1 in 124 | 137 | 143) say failed 'out of time'; return ;; esac
  text=$(printf '%s' "$2" | head -c 65536)
  if [ "${#2}" -le 65536 ]; then complete=true; else complete=false; fi
  exit_code=$1 text=$text complete=$complete awk "$json_library"'BEGIN {
    print "\"outcome\":\"ok\",\"complete\":" ENVIRON["complete"] ",\"value\":{\"exit_code\":" ENVIRON["exit_code"]
    print ",\"text\":"; put(ENVIRON["text"]); print "}"
  }'
}

# run PROGRAM ARGUMENT...
run() {
  if ! has "$1"; then say missing "there is no $1"; return; fi
  output=$(limit "$@" 2>/dev/null)
  finish "$?" "$output"
}

# show PATH BYTES: a file as a command would print it.
show() {
  look "$1" || return 0
  can_read "$1" || return 0
  output=$(content "$1" "$2")
  finish 0 "${output%x}"
}

# Sets exit_code, and output to lines of name and version; has_any is empty where no package at all is listed.
list_packages() {
  output='' exit_code=0
  if has rpm; then
    output=$(limit rpm -qa --qf 'install ok installed %{NAME} %{VERSION}-%{RELEASE}\n' 2>/dev/null) || exit_code=$?
  fi
  if has dpkg-query; then
    more=$(limit dpkg-query -W -f '${Status} ${Package} ${Version}\n' 2>/dev/null) || exit_code=$?
    output="$output
$more"
  fi
  has_any=${output#?}
  output=$(printf '%s\n' "$output" |
    awk '$3 == "installed" && tolower($4) ~ /outsystems|rabbitmq|erlang/ { print $4, $5 }' | sort)
}

answer_packages() {
  if ! has rpm && ! has dpkg-query; then say missing 'there is neither rpm nor dpkg-query'; return; fi
  list_packages
  # A manager that knows no package is not the one that this server was set up with, so it proves nothing.
  if [ "$exit_code" -eq 0 ] && [ -z "$has_any" ]; then say failed 'no package is listed'; return; fi
  finish "$exit_code" "$output"
}

# The package first: rabbitmqctl starts a whole Erlang.
answer_rabbitmq_version() {
  list_packages
  version=$(printf '%s\n' "$output" |
    awk '$1 == "rabbitmq-server" { sub(/^[0-9]+:/, "", $2); sub(/-.*/, "", $2); print $2 }')
  if [ -n "$version" ]; then finish 0 "$version"; return; fi
  if { has rpm || has dpkg-query; } && ! has rabbitmqctl; then
    if [ "$exit_code" -ne 0 ] || [ -z "$has_any" ]; then say failed 'the packages cannot be listed'; return; fi
  fi
  run rabbitmqctl version
}

# Virtual hosts and who may use them: a line of vhost, tab and name for each, then its permissions as JSON where they
# could be listed. For any other account than root and rabbitmq rabbitmqctl would start an Erlang in vain, so this ends
# with 77, no permission. Starting one for each virtual host takes its time: no more after that of a question, or 20.
answer_rabbitmq_permissions() {
  if ! has rabbitmqctl; then say missing 'there is no rabbitmqctl'; return; fi
  if [ "$(id -u)" -ne 0 ] && [ "$(id -un)" != rabbitmq ]; then
    finish 77 ''
    return
  fi
  read_clock
  ends=$((ticks + question_seconds * 100))
  names=$(limit rabbitmqctl --silent list_vhosts name 2>/dev/null) || { finish "$?" ''; return; }
  separators=$IFS
  IFS='
'
  # shellcheck disable=SC2086 # one name a line
  set -- $names
  IFS=$separators
  tab=$(printf '\t') listed='' most=20
  for name in "$@"; do
    rows=''
    read_clock
    if [ "$ticks" -lt "$ends" ] && [ "$most" -gt 0 ]; then
      most=$((most - 1))
      rows=$(limit rabbitmqctl --silent --formatter json list_permissions "--vhost=$name" 2>/dev/null) || rows=''
    fi
    listed="${listed}vhost$tab$name
$rows
"
  done
  finish 0 "$listed"
}

answer_hostname() {
  for option in -f ''; do
    # shellcheck disable=SC2086 # an empty option is no argument
    if output=$(limit hostname $option 2>/dev/null) && [ -n "$output" ]; then finish 0 "$output"; return; fi
  done
  run uname -n
}

answer_macs() {
  if [ ! -d /sys/class/net ]; then say missing 'there is no /sys/class/net'; return; fi
  set +f
  output=$(limit cat /sys/class/net/*/address 2>/dev/null)
  set -f
  finish 0 "$output"
}

answer_command() {
  case $1 in
    uname) run uname -srm ;;
    hostname) answer_hostname ;;
    packages) answer_packages ;;
    units) run systemctl show --no-pager -p Id -p ActiveState -p UnitFileState -p LoadState outsystems.service \
      wildfly-outsystems.service jboss-outsystems.service weblogic-outsystems.service rabbitmq-server.service \
      nginx.service haproxy.service ;;
    addresses) if has ip; then run ip -o addr; else run hostname -I; fi ;;
    memory) run head -n 1 /proc/meminfo ;;
    processors) if has getconf; then run getconf _NPROCESSORS_ONLN; else run nproc; fi ;;
    rabbitmq_version) answer_rabbitmq_version ;;
    rabbitmq_permissions) answer_rabbitmq_permissions ;;
    machine_id) show /etc/machine-id 64 ;;
    product_uuid) show /sys/class/dmi/id/product_uuid 64 ;;
    macs) answer_macs ;;
    volumes) run df -Pk ;;
    *) say unsupported 'no such command' ;;
  esac
}

# ask ID VERB ARGUMENT...: each in a process of its own, so that one question loses only itself.
ask() {
  id=$1 verb=$2
  shift 2
  read_clock
  started=$ticks
  if [ $((started - begun)) -ge $((deadline_seconds * 100)) ]; then
    answer=$(say failed 'out of time')
  else
    case $verb in
      file) answer=$(answer_file "$1" "$2") ;;
      directory) answer=$(answer_directory "$1" "$2" "$3") ;;
      listener) answer=$(answer_listener) ;;
      clock) answer=$(answer_clock) ;;
      account) answer=$(answer_account) ;;
      command) answer=$(answer_command "$1") ;;
      *) answer=$(say unsupported 'no such verb') ;;
    esac
  fi
  read_clock
  printf '%s{"id":' "$comma"
  quoted "$id"
  printf ',%s,"milliseconds":%d}\n' "${answer:-$(say failed 'no answer could be made')}" $(((ticks - started) * 10))
  comma=,
}

questions() {
  deadline_seconds=120 question_seconds=30
# osaudit-request-begin
# osaudit-request-end
}

answers() {
  comma=
  read_clock
  begun=$ticks
  find_timeout
  printf '{"osaudit":1,"session":{"engine":"sh"},"answers":[\n'
  questions
  printf ']}\n'
}

main() {
  for program in awk gzip base64; do
    if ! has "$program"; then printf 'osaudit: there is no %s\n' "$program" >&2; exit 127; fi
  done
  printf '%s\n' '-----BEGIN OSAUDIT ANSWER-----'
  answers | gzip -c | base64
  printf '%s\n' '-----END OSAUDIT ANSWER-----'
}

main </dev/null
