# shellcheck shell=bash disable=SC2154,SC2016 # what recover-test.sh has set; $ that is not meant for this shell
# Sourced by recover-test.sh: incremental snapshots, made by hand as redoubt-format(5) describes them.

# The tree of the full snapshots, and what is hard about chunks
tree=$work/inc
hard=$tree/opt/convex
cp -a "$work/tree" "$tree"
mkdir "$hard/acl" "$hard/sticky"
head -c 40000 /dev/urandom >"$hard/shared"
cp "$hard/shared" "$hard/shared too"
cp "$hard/etch.0001" "$hard/etch.0002"
printf eleven >"$hard/it's '\$(touch pwned)' \"quoted\""
printf twelve >"$hard/"$'control \001\002\021\177\201\205\210\231\377'
printf thirteen >"$hard/"$'\n'
printf fourteen >"$hard/old"
ln -s -- "-it's"$'\n' "$hard/-odd link"
ln "$hard/etch.0001" "$hard/hard link to many chunks"
setfattr -n user.binary -v 0sAAEKJ/8= "$hard/it's '\$(touch pwned)' \"quoted\""
setfattr -n user.empty "$hard/old"
setfacl -d -m u:1234:rwx "$hard/acl"
chmod 3771 "$hard/sticky"
touch -d '1969-12-31T23:59:58.25Z' "$hard/old"
touch -h -d '2003-03-03T03:03:03.000000003Z' "$hard/-odd link"
describe "$tree" >"$work/description"

shopt -s extglob
first=20261120T020000Z-0001 second=20261121T020000Z-7f3a third=20261122T020000Z-0003
pieces=$work/inc-pieces
put() { # FILE VOLUME: as a chunk; sets digest
  digest=$(sha256 "$1")
  mkdir -p "$pieces/$2/chunks"
  mv "$1" "$pieces/$2/chunks/$digest"
}

# What the snapshot is made of: lists in manifest, chunks of volumes 7, 12 and 30 in pieces.
lists() {
  local escaped rest name line number=0 piece inode
  local -A seen=()
  mkdir -p "$work/manifest" "$work/split"
  rm -rf "$pieces" "$work/manifest"/*
  (cd "$tree" && bsdtar -cf - --format=mtree --options='!all,type,mode,uid,gid,size,time,link,sha256' ./opt) |
    awk '{ for (i = 2; i <= NF; i++) if ($i ~ /^time=/) { split($i, part, "."); $i = part[1] "." sprintf("%09d", part[2]) } }
      { sub(/^opt/, "./opt"); print }' >"$work/mtree"
  while IFS= read -r line; do
    escaped=${line%% *} rest=${line#* }
    # shellcheck disable=SC2059 # mtree's escapes are those of printf
    printf -v name "${escaped//%/%%}"
    name=$tree/${name#./}
    if [ "${escaped::1}" != . ]; then printf '%s\n' "$line"; continue; fi
    # bsdtar takes the group's permissions from an ACL's entry, not from its mask
    printf '%s\n' "${line/ mode=*([0-7]) / mode=0$(stat -c %a "$name") }"
    { getfattr -h -d -m - -e base64 --absolute-names "$name" | sed -n 's/^\([a-z_.]*\)=0s/\1\t/p; s/^\(user.empty\)=""$/\1\t/p' |
      while IFS= read -r attribute; do printf '%s\t%s\n' "$escaped" "$attribute"; done; } >>"$work/manifest/attributes.tsv"
    case $rest in *type=file*) ;; *) continue ;; esac
    inode=$(stat -c %i "$name")
    if [ -n "${seen[$inode]-}" ]; then printf '%s\t%s\n' "$escaped" "${seen[$inode]}" >>"$work/manifest/links.tsv"; continue; fi
    seen[$inode]=$escaped
    if [ ! -s "$name" ]; then echo - >>"$work/manifest/contents.tsv"; continue; fi
    rm -f "$work/split"/*
    split -b 65536 -a 4 "$name" "$work/split/"
    line=''
    for piece in "$work/split"/*; do
      number=$((number + 1))
      set -- 7 12 30
      shift $((number % 3))
      size=$(stat -c %s "$piece")
      put "$piece" "$1"
      line="$line $1:$size:$digest"
    done
    case $line in " "*" "*) printf '%s\n' "${line# }" ;; *) printf '%s\n' "$1" ;; esac >>"$work/manifest/contents.tsv"
  done <"$work/mtree" >"$work/manifest/files.mtree"
  cat >"$work/manifest/snapshot.json" <<END
{ "v" : 1, "id" : "$second", "host" : "peer-1", "set" : "data", "mode" : "incremental", "chunk-sizes" : [1, 65536, 65536],
  "entries" : 30, "bytes" : 9000000, "findings" : [] }
END
}

# volumes FOLDER: those of the pieces, 7 being an earlier snapshot's. Volume 12 has no end blocks.
volumes() {
  local id key stored
  printf '#key\tsize\tsha256\tplain-size\tplain-sha256\ttar-size\tfirst-entry\tstarts-inside\tid\n' >"$work/manifest/volumes.tsv"
  mkdir -p "$1/data/$first" "$1/data/$second"
  for id in 7 12 30; do
    case $id in 7) key=data/$first/volume-000003 ;; *) key=data/$second/volume-0000$id ;; esac
    key=$key.tar.zst.gpg stored=$1/$key
    (cd "$pieces/$id" && find chunks -mindepth 1 | sort | tar -b 1 -cf "$work/tar" --no-recursion --files-from -)
    [ $id -ne 12 ] || truncate -s -1024 "$work/tar"
    zstd -qf "$work/tar" -o "$work/tar.zst"
    rm -f "$stored"
    seal --output "$stored" "$work/tar.zst"
    printf '%s\t%s\t%s\t%s\t%s\t%s\t0\t0\t%s\n' "$key" "$(stat -c %s "$stored")" "$(sha256 "$stored")" \
      "$(stat -c %s "$work/tar.zst")" "$(sha256 "$work/tar.zst")" "$(stat -c %s "$work/tar")" $id >>"$work/manifest/volumes.tsv"
  done
}

# Moves the four lists into chunks of volumes 12 and 7.
overflow() {
  local member piece number=0
  for member in links.tsv attributes.tsv contents.tsv files.mtree; do
    rm -f "$work/split"/*
    split -b 1500 -a 4 "$work/manifest/$member" "$work/split/"
    for piece in "$work/split"/*; do
      number=$((number + 1))
      set -- 7 12
      shift $((number % 2))
      size=$(stat -c %s "$piece")
      put "$piece" "$1"
      printf '%s\t%s\t%s\t%s\n' "$member" "$1" "$size" "$digest" >>"$work/manifest/listing.tsv"
    done
    rm "$work/manifest/$member"
  done
}

# sealed_lists FOLDER: the manifest, of whatever members there are.
sealed_lists() {
  (cd "$work/manifest" && for member in snapshot.json volumes.tsv listing.tsv links.tsv attributes.tsv contents.tsv files.mtree; do
    [ ! -e $member ] || echo $member; done | tar -cf - --files-from -) | zstd -q |
    seal --sign --local-user "$signer" --yes --output "$1/data/$second/manifest.tar.zst.gpg"
}

keep_made() { mkdir "$work/$1"; cp -r "$work/manifest" "$pieces" "$work/store" "$work/$1"; }
rm -rf "$work/store"
lists; volumes "$work/store"; sealed_lists "$work/store"; keep_made inline
overflow; rm -rf "$work/store"; volumes "$work/store"; sealed_lists "$work/store"; keep_made chunked
take() { # MADE: as the copy to be recovered, and its parts to be changed
  rm -rf "$work/copy" "$work/manifest" "$pieces"
  cp -r "$work/$1/store" "$work/copy"
  cp -r "$work/$1/manifest" "$work/manifest"
  cp -r "$work/$1/inc-pieces" "$pieces"
}
restore() { target; recover "$@" "$work/copy" data "$work/target"; }
expect() { restore "${@:4}"; outcome "incremental: $1" refused "$2" "$3"; }
change() { sed -i "$2" "$work/manifest/$1"; sealed_lists "$work/copy"; }

take inline; restore -k "$signer"; outcome 'incremental: inline lists' same 0
holes() { [ "$(stat -c %b "$work/target/opt/convex/sparse")" -lt 1024 ] || { echo 'no holes' >>"$work/out"; return 1; }; }
outcome 'incremental: zeros come back as holes' holes
linked() { [ "$(stat -c %h "$work/target/opt/convex/$1")" -eq "$2" ] || { echo "$1: other links" >>"$work/out"; return 1; }; }
outcome 'incremental: hard links come back' linked etch.0001 2
outcome 'incremental: files that share a chunk are not linked' linked shared 1
take chunked; restore; outcome 'incremental: lists in chunks' same 0
target; recover -n "$work/copy" data; outcome 'incremental: a check restores nothing' refused 0 sound

# The store is damaged
take inline; rm "$work/copy/data/$first/volume-000003.tar.zst.gpg"; expect "an earlier snapshot's volume missing" 4 "missing: data/$first"
take inline; flip "$work/copy/data/$second/volume-000030.tar.zst.gpg" 999; expect 'a byte flipped' 4 'wrong size or SHA-256'

# The manifest is wrong, though signed
take inline; mkdir "$work/copy/keys"; cp -r "$work/copy/data/$first" "$work/copy/keys"
change volumes.tsv 's|^data/\(.*-000003\)|keys/\1|'; expect "another set's volume" 4 'key out of place'
take inline; mv "$work/copy/data/$first" "$work/copy/data/$third"
change volumes.tsv "s|^data/$first|data/$third|"; expect "a later snapshot's volume" 4 'key out of place'
take inline; change volumes.tsv 's|^data/[^/]*/|data/../|'; expect 'a key with ..' 4 'key out of place'
take inline; change volumes.tsv 's|volume-000012|volume-12|'; expect 'a volume with another name' 4 'key out of place'
take inline; change volumes.tsv 's|\t12$|\t30|'; expect 'two volumes of one id' 4 malformed
take inline; change volumes.tsv 's|\t30$|\t31|'; expect 'an unknown volume' 4 'unknown volume'
take inline; change contents.tsv 's/30:\([0-9]*\):/12:\1:/'; expect 'a chunk in another volume' 4 'chunks are missing or not'
take inline; change contents.tsv 's/:65536:/:65535:/'; expect 'lengths that are not the size' 4 'not as long as the file'
take inline; change contents.tsv 's/:\([0-9a-f]*\)$/:..\/\1/'; expect 'a digest that is a path' 4 'malformed digest'
take inline; change contents.tsv '$d'; expect 'a content too few' 4 'ends early'
take inline; change contents.tsv '$p'; expect 'a content too many' 4 'too long'
take inline; change contents.tsv 's/^-$/7/'; expect 'a chunk for an empty file' 4 'chunks are missing or not'
take inline; change links.tsv 's|\t.*|\t./opt/convex/dangling|'; expect 'a hard link to a symbolic link' 4 'not an earlier file'
take inline; change files.mtree 's|^\(\./opt/convex\)/empty |\1/dangling/empty |'; expect 'a file through a symbolic link' 4 'not a folder\|listed twice'
take inline; change files.mtree '/dangling /p'; expect 'a name listed twice' 4 'listed twice'
take inline; change files.mtree 's|mode=0*644|mode=;id|'; expect 'a mode that is a command' 4 'malformed mode'
take inline; change files.mtree 's|uid=[0-9]*|uid=$(id)|'; expect 'an owner that is a command' 4 'malformed owner'
take inline; change files.mtree 's|time=[0-9]*|time=`id`|'; expect 'a time that is a command' 4 'malformed time'
take inline; change attributes.tsv 's|\t[^\t]*$|\t;id|'; expect 'a value that is a command' 4 'attributes.tsv, line 1: malformed'
take inline; change attributes.tsv 's|^\./opt|./other|'; expect 'an attribute of no entry' 4 'not an entry'
take chunked; change listing.tsv 's|^links.tsv|volumes.tsv|'; expect 'a listing of another member' 4 'unknown member'
take chunked; change listing.tsv "s|[0-9a-f]*\$|$(printf 0%.0s {1..64})|"; expect 'a chunk of the listing missing' 4 'chunks are missing or not'
take chunked; change listing.tsv '/^contents/d'; expect 'a listing without contents' 4 'ends early'
take chunked; change listing.tsv '/^files/d'; expect 'a listing without files' 4 damaged

# Volumes are wrong, though the manifest names them
rebuilt() { volumes "$work/copy"; sealed_lists "$work/copy"; }
chunk_of() { find "$pieces/$1/chunks" -type f | sort | head -n 1; }
take inline; printf x >>"$(chunk_of 12)"; rebuilt; expect 'a chunk with other content' 4 'not what their names say'
take chunked; printf x >>"$pieces/7/chunks/$(awk '$2 == 7 { print $4; exit }' "$work/manifest/listing.tsv")"; rebuilt
expect 'a chunk of the listing with other content' 4 'not what their names say'
take inline; echo x >"$pieces/30/chunks/pwned"; rebuilt; expect 'another member' 4 'something else than chunks'
take inline; mkdir "$pieces/30/chunks/d"; rebuilt; expect 'a folder in a volume' 4 'something else than chunks'
take inline; victim=$(chunk_of 7); cp "$victim" "$work/elsewhere"; ln -sf "$work/elsewhere" "$victim"; rebuilt
expect 'a symbolic link in a volume' 4 'something else than chunks'
take inline; victim=$(chunk_of 7); rm "$victim"; ln "$(chunk_of 7)" "$victim"; rebuilt; expect 'a hard link in a volume' 4 'something else than chunks'
digest=$(printf seven | sha256sum | cut -d' ' -f1)
take inline; change files.mtree "s|^\(.*etch.0002.*sha256digest=\).*|\1$digest|"
restore; outcome 'incremental: chunks that are not the file' late 'damaged: ./opt/convex/etch.0002: FAILED'

# Device nodes
take inline; printf './null type=char uid=0 gid=0 mode=0666 time=5.000000000 device=linux,1,3\n' >>"$work/manifest/files.mtree"
sealed_lists "$work/copy"
no_device() { says 'no device node was made: ./null' && same 3; }
restore; outcome 'incremental: device nodes only where they are asked for' no_device
if [ "$(id -u)" -eq 0 ] && mknod "$work/node" c 1 3 2>/dev/null; then
  device() { same 0 && [ "$(stat -c '%t:%T %a' "$work/target/null")" = '1:3 666' ]; }
  restore -d; outcome 'incremental: device nodes' device
fi

# Tools that do less
whole_seconds() { # what touch sets on small systems
  [ "$status" -eq 3 ] && says 'no parts of seconds' && [ "$(stat -c %.9Y "$work/target/opt/convex/peer-keys.dat")" = 981173106.000000000 ]
}
take inline
tool touch 'exec busybox touch "$@"'; restore; outcome 'incremental: a touch without parts of seconds' whole_seconds
tool setfattr 'exit 1'
without() { [ "$status" -eq 3 ] && says 'user.comment of ./opt/convex/peer-keys.dat' && says 'restored and checked'; }
restore; outcome 'incremental: without setfattr' without
tool tar 'exec bsdtar "$@"'; restore; outcome 'incremental: by bsdtar' same 0
tool ln 'case $1 in /*) exit 1;; esac; exec /bin/ln "$@"'; restore; outcome 'incremental: where chunks cannot be linked' same 0
tool cat 'case $PWD in *chunks) kill -TERM $PPID;; esac; exec /bin/cat "$@"'; restore
outcome 'incremental: ended by a signal' ended
rm -f "$work/bin"/*
