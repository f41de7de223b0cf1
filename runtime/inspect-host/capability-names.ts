/** Capabilities by number, as in linux/capability.h up to Linux 6.18. */
const names =
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'

/** Names (`CAP_…`) of the bits of a mask, e.g. of `CapEff` in `/proc/PID/status`. */
export function capabilityNames(mask: bigint, lastCapability = 40): string[] {
  return names
    .split(' ')
    .filter((_, number) => number <= lastCapability && (mask >> BigInt(number)) & 1n)
    .map((name) => `CAP_${name}`)
}
