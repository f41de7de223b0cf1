import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeInitramfs } from './initramfs.ts'
import { prepareKernel } from './kernel.ts'
import { fillGuestRoot, makeExt4 } from './root-image.ts'

const cache = join(import.meta.dirname, '../../../node_modules/.cache/vm')

export interface VmOptions {
  /** Run by bash in the guest, as root, in the checkout. */
  readonly script: string
  /** The guest is ended when it takes longer, from power on. */
  readonly deadlineMs: number
  /** RAM, in MiB. Absent: 1536. */
  readonly memoryMib?: number
  /** Called with each whole line that the script prints, as it comes. */
  readonly onLine?: (line: string) => void
}

export interface VmResult {
  /** Of the script; undefined when the guest ended or was ended before the script did. */
  readonly exitCode: number | undefined
  /** Standard output and standard error of the script. */
  readonly output: string
  /** Kernel messages and what the guest's start printed. */
  readonly console: string
  readonly isTimedOut: boolean
}

/** Arguments for a guest on software emulation: /dev/kvm is there on hosts where it crashes guests. */
function qemuArguments(folder: string, kernel: string, memoryMib: number): string[] {
  return [
    ['-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', String(memoryMib), '-smp', '2'],
    ['-kernel', kernel, '-initrd', join(folder, 'initramfs')],
    ['-append', 'console=ttyS0 quiet panic=-1'],
    ['-drive', `file=${join(folder, 'root.ext4')},if=virtio,format=raw,cache=unsafe`],
    ['-device', 'virtio-rng-pci', '-nic', 'none'],
    ['-display', 'none', '-monitor', 'none', '-no-reboot'],
    // Kernel messages, output of the script, its exit code: three ports, so that none mixes.
    ['-serial', `file:${join(folder, 'console')}`],
    ['-serial', 'stdio'],
    ['-serial', `file:${join(folder, 'exit-code')}`],
  ].flat()
}

function waitForEnd(guest: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    guest.once('error', reject)
    guest.once('close', () => resolve())
  })
}

async function boot(folder: string, kernel: string, options: VmOptions): Promise<VmResult> {
  const { deadlineMs, memoryMib = 1536, onLine } = options
  const guest = spawn('qemu-system-x86_64', qemuArguments(folder, kernel, memoryMib), {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const killGuest = (): void => void guest.kill('SIGKILL')
  process.once('exit', killGuest) // also when the test that waits is ended
  let output = ''
  let reported = 0 // how much of the output onLine has seen
  let isTimedOut = false
  const take = (text: string): void => {
    output += text
    const end = output.lastIndexOf('\n') + 1
    if (end <= reported) return
    for (const line of output.slice(reported, end - 1).split('\n')) onLine?.(line)
    reported = end
  }
  guest.stdout.setEncoding('utf8').on('data', take)
  guest.stderr.setEncoding('utf8').on('data', take)
  const deadline = setTimeout(() => {
    isTimedOut = true
    killGuest()
  }, deadlineMs)
  try {
    await waitForEnd(guest)
  } finally {
    clearTimeout(deadline)
    process.off('exit', killGuest)
  }
  const code = readFileSync(join(folder, 'exit-code'), 'utf8').trim()
  return {
    exitCode: code === '' ? undefined : Number(code),
    output,
    console: readFileSync(join(folder, 'console'), 'utf8'),
    isTimedOut,
  }
}

/**
 * Boot a guest with a pure cgroup v2 kernel, this host's programs and this checkout, run one
 * script in it, and take it down. The guest has a loopback interface and no other.
 *
 * @throws {Error} when the guest cannot be made; what happens in it is in the result
 */
export async function runInVm(options: VmOptions): Promise<VmResult> {
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-vm-'))
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', removeFolder)
  try {
    const kernel = prepareKernel(cache)
    writeFileSync(join(folder, 'initramfs'), makeInitramfs(kernel.modules))
    fillGuestRoot(join(folder, 'root'), options.script)
    makeExt4(join(folder, 'root'), join(folder, 'root.ext4'))
    rmSync(join(folder, 'root'), { recursive: true })
    return await boot(folder, kernel.image, options)
  } finally {
    process.off('exit', removeFolder)
    removeFolder()
  }
}
