import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GuestImage } from './guest-image.ts'

export interface GuestOptions {
  /** The script finds it as `guest=NAME` in /proc/cmdline; no two of an image may have the same. */
  readonly name: string
  /** RAM, in MiB. Absent: 1536. */
  readonly memoryMib?: number
  /** More of the kernel's command line. */
  readonly kernelWords?: string
  /** Absent: it ends instead. */
  readonly mayReboot?: boolean
  /** QEMU's words for its interfaces. Absent: it has none but the loopback. */
  readonly network?: readonly string[]
  /** Called with each whole line that the script prints, as it comes. */
  readonly onLine?: ((line: string) => void) | undefined
}

export interface GuestEnd {
  /** Of the script; undefined when the guest ended or was ended before the script did. */
  readonly exitCode: number | undefined
  /** Standard output and standard error of the script. */
  readonly output: string
  /** Kernel messages and what the guest's start printed. */
  readonly console: string
}

export interface Guest {
  /** A line for the script, which reads it from /dev/ttyS1. */
  say(line: string): void
  /** As when its power goes; it is fine when it has ended. */
  kill(): void
  /** When it is off. Rejects where it could not be started. */
  readonly ended: Promise<GuestEnd>
}

/** Arguments for a guest on software emulation: /dev/kvm is there on hosts where it crashes guests. */
function qemuArguments(image: GuestImage, options: GuestOptions) {
  const { name, memoryMib = 1536, network, kernelWords = '', mayReboot = false } = options
  return [
    ['-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', String(memoryMib), '-smp', '2'],
    ['-kernel', image.kernel, '-initrd', image.initramfs],
    ['-append', `console=ttyS0 quiet panic=-1 guest=${name} ${kernelWords}`],
    ['-drive', `file=${image.disk},if=virtio,format=raw,cache=unsafe,snapshot=on`],
    ['-device', 'virtio-rng-pci', ...(network ?? ['-nic', 'none'])],
    ['-display', 'none', '-monitor', 'none', ...(mayReboot ? [] : ['-no-reboot'])],
    // Kernel messages, output of the script, its exit code: three ports, so that none mixes.
    ['-serial', `file:${join(image.folder, `${name}.console`)}`],
    ['-serial', 'stdio'],
    ['-serial', `file:${join(image.folder, `${name}.exit-code`)}`],
  ].flat()
}

/** Switch a guest on. It goes when this process does. */
export function startGuest(image: GuestImage, options: GuestOptions): Guest {
  const guest = spawn('qemu-system-x86_64', qemuArguments(image, options), {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const kill = (): void => void guest.kill('SIGKILL')
  process.once('exit', kill) // also when the test that waits is ended
  let output = ''
  let reported = 0 // how much of the output onLine has seen
  const take = (text: string): void => {
    output += text
    const end = output.lastIndexOf('\n') + 1
    if (end <= reported) return
    for (const line of output.slice(reported, end - 1).split('\n')) options.onLine?.(line)
    reported = end
  }
  guest.stdin.on('error', () => undefined) // It may have ended.
  guest.stdout.setEncoding('utf8').on('data', take)
  guest.stderr.setEncoding('utf8').on('data', take)
  const { promise: ended, resolve, reject } = Promise.withResolvers<GuestEnd>()
  const read = (what: string): string =>
    readFileSync(join(image.folder, `${options.name}.${what}`), 'utf8')
  guest.once('error', reject)
  guest.once('close', () => {
    process.off('exit', kill)
    try {
      const code = read('exit-code').trim()
      const exitCode = code === '' ? undefined : Number(code)
      resolve({ exitCode, output, console: read('console') })
    } catch (cause) {
      reject(new Error(`the guest did not start: ${output}`, { cause }))
    }
  })
  return { say: (line) => void guest.stdin.write(`${line}\n`), kill, ended }
}
