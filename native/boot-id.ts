import { readFileSync } from 'node:fs'

let boot: string | undefined

/** Identity of this boot of the kernel, random(4): it changes with every start of the machine. */
export function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  return boot
}
