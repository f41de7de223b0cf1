import { join } from 'node:path'

/** Folder of the package: this file sits one folder below it, as the bundle does in dist/. */
export const packageRoot = join(import.meta.dirname, '..')

/** Built artefacts: the bundles, the shim and the FFI library. */
export const distFolder = join(packageRoot, 'dist')

/** The static C binary: interpreter, zygote, monitor, init and client in one. */
export const shimPath = join(distFolder, 'mycontainer-shim')

/** The shared library of `-errno` wrappers that FFI loads. */
export const ffiLibraryPath = join(distFolder, 'libmycontainer-ffi.so')

/** The command itself, for whoever is to call it later. */
export const commandPath = join(packageRoot, 'bin', 'mycontainer')
