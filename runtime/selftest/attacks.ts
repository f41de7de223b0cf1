// What a hostile program in a container would try, in the words of a shell. Each script prints `BROKEN …` for what it got, and
// `tried` when it has come to its end; it changes nothing where the defence is broken, but what it says.

export interface Attack {
  /** What it is about, and the known weaknesses of others that were of this kind. */
  readonly title: string
  readonly known: readonly string[]
  /** Absent: a container with these flags must not come about at all. */
  readonly script?: string
  /** Words of `mycontainer run` without which the attack means nothing. */
  readonly flags?: readonly string[]
}

const broken = (what: string): string => `echo "BROKEN ${what}"`

/** `path` can be opened for writing. */
const writable = (paths: string): string =>
  `for p in ${paths}; do [ -e "$p" ] && (exec 3>>"$p") 2>/dev/null && echo "BROKEN $p can be written"; done`

/** One attack for each of several sets of flags. */
function refused(
  title: string,
  known: readonly string[],
  flags: readonly (readonly string[])[],
): Attack[] {
  return flags.map((words) => ({ title: `${title}: ${words.join(' ')}`, known, flags: words }))
}

export const attacks: readonly Attack[] = [
  {
    title: 'the runtime’s binary is overwritten through /proc/PID/exe',
    known: ['CVE-2019-5736'],
    // `>>` asks for the right to write and changes nothing.
    script: `for p in /proc/1/exe /proc/self/exe; do
  case $(readlink $p) in *mycontainer*|*memfd*) (exec 3>>$p) 2>/dev/null && ${broken('$p can be written')};; esac
done`,
  },
  {
    title: 'a descriptor of the runtime leads out of the container',
    known: ['CVE-2024-21626'],
    script: `for fd in /proc/self/fd/*; do
  n=\${fd##*/}; [ "$n" -gt 2 ] && [ -e "$fd" ] && t=$(readlink $fd) || continue
  case $t in /proc/*|pipe:*) ;; *) ${broken('descriptor $n is $t')};; esac
done`,
  },
  {
    title: 'kernel settings of the whole machine are changed',
    known: ['CVE-2025-52881', 'CVE-2022-0492', 'CVE-2023-25809'],
    script: `${writable('/proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/vm/panic_on_oom /proc/sys/fs/binfmt_misc/register /proc/sysrq-trigger /proc/irq/default_smp_affinity /proc/bus/pci/00/00.0 /sys/kernel/uevent_helper /sys/fs/cgroup/release_agent /sys/fs/cgroup/cgroup.procs /sys/kernel/mm/transparent_hugepage/enabled')}
mount -o remount,rw /proc/sys 2>/dev/null && ${broken('/proc/sys can be mounted anew')}
umount /proc/sys 2>/dev/null && ${broken('/proc/sys can be uncovered')}`,
  },
  {
    title: 'masked files of the kernel are read',
    known: ['CVE-2025-31133', 'CVE-2019-16884'],
    script: `for p in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts /proc/sched_debug /proc/latency_stats; do
  [ -r "$p" ] && [ -n "$(dd if=$p bs=1 count=1 2>/dev/null)" ] && ${broken('$p can be read')}
done
for p in /sys/firmware /proc/acpi /proc/scsi /sys/devices/virtual/powercap; do
  [ -n "$(ls -A $p 2>/dev/null)" ] && ${broken('$p can be listed')}
done
for p in /proc/kcore /proc/keys; do umount $p 2>/dev/null && ${broken('$p can be uncovered')}; done`,
  },
  {
    title: 'a device of the host is opened',
    known: ['CVE-2026-41579'],
    flags: ['--cap-add', 'MKNOD'],
    script: `for d in "b 8 0" "b 253 0" "b 259 0" "b 254 0" "c 1 1" "c 1 2" "c 1 4" "c 10 1"; do
  rm -f /tmp/node; mknod /tmp/node $d 2>/dev/null || continue
  dd if=/tmp/node of=/dev/null bs=512 count=1 2>/dev/null && ${broken('device $d can be read')}
done`,
  },
  {
    title: 'file systems are mounted',
    known: ['CVE-2022-0185'],
    script: `mkdir -p /tmp/m
for m in "-t tmpfs x" "-t proc x" "-t sysfs x" "-t cgroup2 x" "-t overlay x" "--bind /" "-t debugfs x" "-t binfmt_misc x"; do
  mount $m /tmp/m 2>/dev/null && ${broken('mount $m')} && umount /tmp/m
done`,
  },
  {
    title: 'new namespaces give new rights',
    known: ['CVE-2022-0492', 'CVE-2022-0185'],
    script: `for n in --user "--user --map-root-user --mount" --mount --net --pid --cgroup; do
  unshare $n true 2>/dev/null && ${broken('unshare $n')}
done
for n in mnt net pid; do nsenter --$n=/proc/1/ns/$n true 2>/dev/null && [ "$(readlink /proc/self/ns/$n)" != "$(readlink /proc/1/ns/$n)" ] && ${broken('nsenter $n')}; done`,
  },
  {
    title: 'processes of the host are seen',
    known: ['CVE-2016-9962'],
    script: `n=$(ls -d /proc/[0-9]* | wc -l); [ "$n" -le 4 ] || ${broken('$n processes are seen')}
grep -q "Seccomp:.*2" /proc/self/status || ${broken('no filter of system calls')}`,
  },
  {
    title: 'capabilities over the machine, and inherited ones',
    known: ['CVE-2022-24769', 'CVE-2022-29162', 'CVE-2022-27649', 'CVE-2022-27650'],
    script: `for s in CapInh CapAmb; do grep -qE "^$s:[[:space:]]*0+$" /proc/self/status || ${broken('$s is not empty')}; done
b=$(sed -n "s/^CapBnd:[[:space:]]*//p" /proc/self/status)
for c in 2:dac_read_search 12:net_admin 13:net_raw 16:sys_module 17:sys_rawio 19:sys_ptrace 21:sys_admin 22:sys_boot 25:sys_time 27:mknod 32:mac_override 33:mac_admin 34:syslog 38:perfmon 39:bpf; do
  [ $((0x$b >> \${c%%:*} & 1)) = 0 ] || ${broken('it may have cap_${c#*:}')}
done`,
  },
  {
    title: 'the control groups of others are changed',
    known: ['CVE-2023-25809', 'CVE-2022-0492'],
    script: `for d in /sys/fs/cgroup /sys/fs/cgroup/*; do
  [ -d "$d" ] && mkdir "$d/attack" 2>/dev/null && ${broken('$d/attack can be made')} && rmdir "$d/attack"
done
mount -o remount,rw /sys/fs/cgroup 2>/dev/null && ${broken('/sys/fs/cgroup can be mounted anew')}
for f in /sys/fs/cgroup/*/release_agent /sys/fs/cgroup/*/devices.allow; do
  [ -e "$f" ] && (exec 3>>"$f") 2>/dev/null && ${broken('$f can be written')}
done`,
  },
  {
    title: 'what the whole machine does is listened to',
    known: ['GHSA-jq35-85cj-fj4p', 'GHSA-6fw5-f8r9-fgfm'],
    script: `for d in /sys/devices/virtual/powercap /sys/class/powercap/*/ /sys/devices/system/cpu/cpu*/thermal_throttle; do
  [ -n "$(ls -A $d 2>/dev/null)" ] && ${broken('$d can be listed')}
done
[ -n "$(dd if=/proc/interrupts bs=1 count=1 2>/dev/null)" ] && ${broken('/proc/interrupts can be read')}`,
  },
  {
    title: 'the session and the terminal of whoever started it are shared',
    known: [],
    script: `[ "$(cut -d' ' -f6 /proc/1/stat)" = 1 ] || ${broken('its session is not its own')}
[ "$(cut -d' ' -f7 /proc/1/stat)" = 0 ] || ${broken('it has a terminal that nobody gave it')}
[ -e /dev/console ] && (exec 3<>/dev/console) 2>/dev/null && ${broken('/dev/console can be opened')}`,
  },
  {
    title: 'programs are put where none belong',
    known: [],
    script: `for d in /dev /dev/shm /dev/mqueue; do
  printf '#!/bin/sh\\nexit 0\\n' > $d/attack 2>/dev/null && chmod 755 $d/attack 2>/dev/null || continue
  $d/attack 2>/dev/null && ${broken('$d has programs run')}
  rm -f $d/attack
done`,
  },
  ...refused(
    'something is mounted over /proc',
    ['CVE-2019-16884', 'CVE-2025-52881'],
    [
      ['--tmpfs', '/proc'],
      ['--tmpfs', '/proc/self/attr'],
      ['-v', '/etc:/proc'],
      ['-v', '/etc:/../proc/.'],
      ['-v', '/etc:/proc/sys/kernel'],
    ],
  ),
  ...refused(
    'a user beyond all ids becomes root',
    ['CVE-2026-30892', 'CVE-2024-40635', 'CVE-2026-46680'],
    [
      ['--user', '4294967296'],
      ['--user', '-1'],
      ['--user', '1:-1'],
      ['--user', ' 0'],
    ],
  ),
  {
    title: 'capabilities come back',
    known: [],
    flags: ['--user', '1000'],
    script: `grep -qE "^CapEff:[[:space:]]*0+$" /proc/self/status || ${broken('an ordinary user has capabilities')}
grep -qE "^CapAmb:[[:space:]]*0+$" /proc/self/status || ${broken('capabilities are ambient')}
grep -qE "^CapInh:[[:space:]]*0+$" /proc/self/status || ${broken('capabilities are inherited')}`,
  },
  {
    title: 'the machine is stopped, its clock set, its name changed',
    known: [],
    script: `hostname "$(hostname)" 2>/dev/null && ${broken('hostname')}
dmesg >/dev/null 2>&1 && ${broken('the kernel’s log can be read')}
for c in sys_time sys_boot sys_module sys_rawio; do
  capsh --has-b=cap_$c 2>/dev/null && ${broken('it has cap_$c')}
done`,
  },
  {
    title: 'chroot leads out',
    known: [],
    script: `mkdir -p /tmp/x; chroot /tmp/x /nothing 2>/dev/null
[ "$(stat -c %i /)" = "$(stat -c %i /../..)" ] || ${broken('/.. is not /')}
ls /proc/1/root/proc/1/root/host-root >/dev/null 2>&1 && ${broken('/proc/1/root leads out')}`,
  },
  {
    title: 'engines and services of the host are reached',
    known: ['CVE-2020-15257'],
    script: `grep -q "@" /proc/net/unix && ${broken('abstract sockets of others')}
for s in /run/docker.sock /var/run/docker.sock /run/containerd/containerd.sock /run/mycontainer/engine.sock /run/dbus/system_bus_socket; do
  [ -S "$s" ] && ${broken('$s')}
done`,
  },
  {
    title: 'more memory and processes than were allowed',
    known: [],
    flags: ['--memory', '32m', '--pids-limit', '16'],
    script: `(i=0; while [ $i -lt 40 ]; do sleep 5 & i=$((i+1)); done) 2>/dev/null
# Without a process of its own: there is none left to be had.
set -- /proc/[0-9]*; [ $# -le 17 ] || ${broken('$# processes')}`,
  },
  {
    title: 'a working folder leads out',
    known: ['CVE-2024-21626', 'CVE-2024-45310'],
    flags: ['--workdir', '/tmp/../../../../..'],
    script: `[ "$(pwd)" = / ] || ${broken('the working folder is $(pwd)')}
cd .. && [ "$(pwd -P)" = / ] || ${broken('the folder above is $(pwd -P)')}`,
  },
  {
    title: 'set-user-id programs work in spite of no-new-privileges',
    known: [],
    flags: ['--security-opt', 'no-new-privileges'],
    script: `grep -qE "^NoNewPrivs:[[:space:]]*1$" /proc/self/status || ${broken('the flag is not set')}`,
  },
]
