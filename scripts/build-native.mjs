import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

function findCompiler() {
  for (const name of [process.env.CC, 'cc', 'gcc', 'clang']) {
    if (!name) continue
    try {
      execFileSync(name, ['--version'], { stdio: 'ignore' })
      return name
    } catch {
      // Not there: the next one may be.
    }
  }
  throw new Error(
    'no C compiler found (looked for $CC, cc, gcc, clang). Install one, then run "npm install" again:\n' +
      '  Debian, Ubuntu:  apt-get install gcc libc6-dev\n' +
      '  Fedora, RHEL:    dnf install gcc glibc-devel\n' +
      '  Alpine:          apk add gcc musl-dev linux-headers',
  )
}

/** @param {string} compiler @param {string[]} flags @param {string} output */
function compile(compiler, flags, output) {
  const temporary = `${output}.${process.pid}.tmp`
  execFileSync(compiler, [...flags, '-o', temporary], { stdio: ['ignore', 'inherit', 'inherit'] })
  renameSync(temporary, output)
}

/**
 * Build the shim and the FFI library into a folder with the system's C compiler, or with $CC: a compiler for another
 * machine (aarch64-linux-gnu-gcc) makes what that machine's own would.
 *
 * @param {string} [folder]
 */
export function buildNative(folder = dist) {
  const compiler = findCompiler()
  mkdirSync(folder, { recursive: true })
  compile(
    compiler,
    [
      '-O2',
      '-Wall',
      '-Wextra',
      '-fPIC',
      '-shared',
      '-fvisibility=hidden',
      join(root, 'native/ffi/syscalls.c'),
    ],
    join(folder, 'libmycontainer-ffi.so'),
  )
  const shim = join(root, 'native/shim')
  const sources = existsSync(shim) ? readdirSync(shim).filter((name) => name.endsWith('.c')) : []
  if (sources.length === 0) return
  compile(
    compiler,
    [
      '-std=gnu11',
      '-Os',
      '-Wall',
      '-Wextra',
      '-Werror=implicit-function-declaration',
      '-ffreestanding',
      '-fno-builtin',
      '-fno-strict-aliasing', // programs and frames are read in place, as structures
      '-fno-stack-protector',
      '-fno-asynchronous-unwind-tables',
      '-fno-pic',
      '-no-pie',
      '-static',
      '-nostdlib',
      '-nostartfiles',
      '-Wl,--build-id=none',
      '-Wl,-z,noseparate-code',
      '-Wl,-z,noexecstack',
      '-s',
      ...sources.map((name) => join(shim, name)),
    ],
    join(folder, 'mycontainer-shim'),
  )
}
