// What the built-in image has, wherever the host has it. One name a program; a missing one is
// left out, and looked for again the next time.

const shells = 'sh bash dash busybox env'
const coreutils =
  'arch base32 base64 basename cat chgrp chmod chown chroot cksum comm cp csplit cut date dd df ' +
  'dir dircolors dirname du echo expand expr factor false fmt fold groups head hostid id install ' +
  'join link ln logname ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od ' +
  'paste pathchk pinky pr printenv printf pwd readlink realpath rm rmdir seq sha1sum sha224sum ' +
  'sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail ' +
  'tee test [ timeout touch tr true truncate tsort tty uname unexpand uniq unlink users vdir wc ' +
  'who whoami yes'
const processes = 'ps top free kill pgrep pkill pidof pmap sysctl uptime vmstat w watch'
const texts = 'grep egrep fgrep sed awk mawk less more diff cmp find xargs which clear tput reset'
const archives = 'tar gzip gunzip zcat'
const system =
  'mount umount mountpoint findmnt lsblk hostname dmesg getopt getent ldd lsns nsenter unshare ' +
  'setpriv setsid taskset renice prlimit ulimit flock script su login ipcs ipcrm capsh'
const network = 'ip ss ping curl wget nc'
const editors = 'vi vim.tiny nano'

/** Names of all of them. */
export function curatedPrograms(): string[] {
  return [shells, coreutils, processes, texts, archives, system, network, editors]
    .join(' ')
    .split(' ')
}

/**
 * Loaded at run time by name, so that no dependency list has them; libresolv and libdl are the C library's own, which
 * whatever is put into the image later takes for granted.
 */
export const loadedLibraries = [
  'libnss_files.so.2',
  'libnss_dns.so.2',
  'libgcc_s.so.1',
  'libresolv.so.2',
  'libdl.so.2',
]

/** Terminal descriptions that people have. */
export const terminals = [
  'ansi',
  'dumb',
  'linux',
  'screen',
  'screen-256color',
  'tmux',
  'tmux-256color',
  'vt100',
  'vt220',
  'xterm',
  'xterm-256color',
]
