/** The number goes up with every change of the rules: a profile of that name in the kernel is then this one. */
export const apparmorProfileName = 'mycontainer-default-1'

/**
 * What a container's programs may do where the kernel has AppArmor, apparmor.d(5). A second lock on doors that mounts, masks
 * and capabilities have closed already: it holds where one of those is taken away by a flag.
 *
 * Nothing is included, so that a host needs no files but the parser.
 */
export function apparmorProfileText(name = apparmorProfileName): string {
  return `profile ${name} flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  umount,
  network,
  deny network alg,

  # The engine is unconfined; those of one container, and of others, wear the same profile.
  signal (receive) peer=unconfined,
  signal (send,receive) peer=${name},
  ptrace (trace,read,tracedby,readby) peer=${name},

  deny mount,

  # Of /proc what belongs to processes, and nothing that holds for the machine.
  deny /proc/* w,
  deny /proc/{acpi,asound,bus,driver,dynamic_debug,fs,irq,pressure,scsi,sys,tty}/** w,
  deny /proc/{kcore,sysrq-trigger} rwklx,
  deny /proc/{acpi,scsi}/** rwklx,

  # Of /sys control groups alone.
  deny /sys/[^f]*/** wklx,
  deny /sys/f[^s]*/** wklx,
  deny /sys/fs/[^c]*/** wklx,
  deny /sys/fs/c[^g]*/** wklx,
  deny /sys/fs/cg[^r]*/** wklx,
  deny /sys/{firmware,kernel/security,devices/virtual/powercap}/** rwklx,
}
`
}
