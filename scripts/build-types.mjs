// The library's type declarations, into dist/types/ or the folder given: needed by whoever installs the package, since
// TypeScript would check our sources by its user's settings. Made when the package is packed or
// installed from a clone, where the compiler is at hand; without it there is nothing to do.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const compiler = join(root, 'node_modules/.bin/tsc')
const out = process.argv[2] ?? join(root, 'dist/types')

if (existsSync(compiler)) {
  rmSync(out, { recursive: true, force: true })
  const flags = ['--declaration', '--emitDeclarationOnly', '--noEmit', 'false', '--rootDir', root]
  const settings = ['--project', join(root, 'scripts/types.tsconfig.json'), '--outDir', out]
  const { status } = spawnSync(compiler, [...settings, ...flags], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
