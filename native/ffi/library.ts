import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../error.ts'
import { errnoName } from '../errno.ts'
import { ffiLibraryPath, packageRoot } from '../paths.ts'
import { syscallNumber } from '../syscall-numbers/number.ts'

// The only file that knows the FFI package. Its native half is loaded by path: the
// JavaScript half costs more to load than everything else a command does.

/** An FFI function: arguments as declared, result the kernel's, or -errno. */
export type ForeignFunction = (...args: readonly unknown[]) => number | bigint

interface KoffiLibrary {
  func(prototype: string): ForeignFunction
}
interface Koffi {
  load(path: string): KoffiLibrary
}

let library: KoffiLibrary | undefined

function openLibrary(): KoffiLibrary {
  if (library) return library
  try {
    // What `require` does with a .node file, without loading Node's module machinery for it.
    const loaded: { exports: unknown } = { exports: {} }
    process.dlopen(loaded, findKoffi())
    const koffi = loaded.exports as Koffi
    library = koffi.load(ffiLibraryPath)
    return library
  } catch (cause) {
    throw new OperationError(
      'INTERNAL',
      'load the FFI library',
      { path: ffiLibraryPath },
      { cause, hint: 'Run "npm install" (or "npm run build") in the package folder' },
    )
  }
}

function findKoffi(): string {
  const platform = `linux_${process.arch === 'arm64' ? 'arm64' : 'x64'}`
  const file = `@koromix/koffi-${platform.replace('_', '-')}/${platform}/koffi.node`
  // Beside the package's own modules, then where npm puts them when the package is a dependency.
  const folders = ['node_modules', '..', '../../node_modules']
  const paths = folders.map((folder) => join(packageRoot, folder, file))
  return paths.find((path) => existsSync(path)) ?? paths.join(':')
}

/**
 * Declare `mc_syscall` with given C argument types, lazily: nothing is loaded before the first call.
 *
 * SAFETY: pointers (`void *`, `str`) must stay reachable from JavaScript while the kernel uses
 * them, which for a synchronous call they do. Buffers are passed by address.
 *
 * @param argumentTypes C types of the system call's arguments in koffi's spelling, at most six;
 *   the rest is passed as 0
 */
export function declareSyscall(
  name: string,
  argumentTypes: readonly string[],
): (...args: readonly unknown[]) => number | bigint {
  let call: ForeignFunction | undefined
  const padding = Array.from({ length: 6 - argumentTypes.length }, () => 0)
  return (...args) => {
    call ??= openLibrary().func(
      `long mc_syscall(${['long', ...argumentTypes, ...padding.map(() => 'long')].join(', ')})`,
    )
    return call(syscallNumber(name), ...args, ...padding)
  }
}

/**
 * Turn a negative result into an error that names the call and its operands.
 *
 * @throws {OperationError} `SYSCALL_FAILED` with `detail.errno` when `result` is negative
 */
export function requireSuccess(
  result: number | bigint,
  call: string,
  detail: Readonly<Record<string, string | number>>,
): number {
  const value = Number(result)
  if (value >= 0) return value
  throw new OperationError('SYSCALL_FAILED', call, { ...detail, errno: errnoName(-value) })
}
