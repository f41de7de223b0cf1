import { basename, dirname, extname, join } from 'node:path/posix'
import { readImports } from './read-imports.ts'

/** Path relative to the checkout → source. */
export type Sources = ReadonlyMap<string, string>

/** Parts from the top down: a part may import itself and those after it. */
const parts = ['orchestrator', 'runtime', 'rootfs', 'native']

/** Plain data in, plain data out: nothing in these folders touches a file, a socket or a process. */
const pureFolders = [
  'runtime/spec/',
  'runtime/program/',
  'runtime/security/',
  'rootfs/build/dockerfile/',
  'rootfs/build/graph/',
  'rootfs/build/key/',
  'rootfs/build/lint/',
  'rootfs/build/plan/',
  'orchestrator/api/',
  'orchestrator/scheduler/plugins/',
]

const impureModules = new Set([
  'node:fs',
  'node:fs/promises',
  'node:net',
  'node:child_process',
  'node:dgram',
  'node:http',
])

/** Modules that cost a command line more than it may take, and what to do instead. */
const slowModules: Readonly<Record<string, string>> = {
  zod: 'zod/mini',
  'zod/v4': 'zod/mini',
  koffi: 'declareSyscall of native/ffi/library.ts',
  'node:http': 'a lazy import()',
  'node:https': 'a lazy import()',
  'node:http2': 'a lazy import()',
}

/** The orchestrator is only run from a bundle, where scripts/lazy-built-ins.mjs loads Node's modules at first use. */
const isLazyInBundle = (path: string, specifier: string): boolean =>
  path.startsWith('orchestrator/') && specifier.startsWith('node:')

const FFI_LIBRARY = 'native/ffi/library.ts'
const MAX_LINES = 400
const DATA_FOLDER = 'native/syscall-numbers/' // the kernel's tables, one line per row
const dumpNames = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'shared'])

function partOf(path: string): string {
  return path.slice(0, path.indexOf('/'))
}

function resolve(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? join(dirname(from), specifier) : undefined
}

function checkFile(path: string, source: string): string[] {
  const lines = source.split('\n').length - 1
  return [
    ...(lines > MAX_LINES && !path.startsWith(DATA_FOLDER)
      ? [`${path}: ${lines} lines, ${MAX_LINES} at most`]
      : []),
    ...(dumpNames.has(basename(path, extname(path))) ? [`${path}: named after no subject`] : []),
    ...(path !== FFI_LIBRARY && /['"`]@?(koffi|koromix)\b/.test(source)
      ? [`${path}: only ${FFI_LIBRARY} may know koffi`]
      : []),
  ]
}

function checkArrow(path: string, target: string): string[] {
  const from = parts.indexOf(partOf(path))
  const to = parts.indexOf(partOf(target))
  if (to < 0) return [`${path}: imports ${target}, which belongs to no part of the product`]
  return to < from ? [`${path}: imports ${target}, but arrows go ${parts.join(' → ')}`] : []
}

function checkImports(path: string, source: string): string[] {
  const isPure = pureFolders.some((folder) => path.startsWith(folder))
  return readImports(source).flatMap(({ specifier, isType, isLazy }) => {
    const target = resolve(path, specifier)
    const isSlow = !isType && !isLazy && !isLazyInBundle(path, specifier)
    const instead = isSlow ? slowModules[specifier] : undefined
    return [
      ...(target ? checkArrow(path, target) : []),
      ...(target && !/\.[a-z]+$/.test(target) ? [`${path}: ${specifier} lacks its .ts`] : []),
      ...(isPure && !isType && impureModules.has(specifier)
        ? [`${path}: is in a pure folder and imports ${specifier}`]
        : []),
      ...(instead ? [`${path}: imports ${specifier}, which is slow to load; use ${instead}`] : []),
    ]
  })
}

/** Cycles among imports that load at once; types and lazy imports make none. */
function findCycles(sources: Sources): string[] {
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) cycles.push(`cycle: ${[...trail.slice(start), path].join(' → ')}`)
    if (start >= 0 || done.has(path)) return
    for (const { specifier, isType, isLazy } of readImports(sources.get(path) ?? '')) {
      const target = resolve(path, specifier)
      if (target && !isType && !isLazy) visit(target, [...trail, path])
    }
    done.add(path)
  }
  for (const path of sources.keys()) visit(path, [])
  return cycles
}

/** Every break of the rules on who may import what, a line each, starting with the file. */
export function findViolations(sources: Sources): string[] {
  const inFiles = [...sources].flatMap(([path, source]) => [
    ...checkFile(path, source),
    ...checkImports(path, source),
  ])
  return [...inFiles, ...findCycles(sources)]
}
