import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { findViolations } from './find-violations.ts'
import { readImports } from './read-imports.ts'

const root = join(import.meta.dirname, '../..')

t.test('the product keeps its rules', async (t) => {
  const paths = globSync('{native,rootfs,runtime,orchestrator}/**/*.ts', { cwd: root })
  t.ok(paths.length > 0, 'there are sources')
  const sources = new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
  for (const violation of findViolations(sources)) t.fail(violation)
})

const broken: { name: string; files: Record<string, string> }[] = [
  { name: 'an arrow upwards', files: { 'native/a.ts': "import { b } from '../runtime/b.ts'" } },
  {
    name: 'an arrow upwards of a type, over lines',
    files: { 'rootfs/a.ts': "import type {\n  B,\n  C,\n} from '../runtime/b.ts'" },
  },
  {
    name: 'a lazy arrow upwards',
    files: { 'runtime/a.ts': "  await import('../orchestrator/b.ts')" },
  },
  {
    name: 'a re-export upwards',
    files: { 'runtime/a.ts': "export * from '../orchestrator/b.ts'" },
  },
  { name: 'an import of a test', files: { 'runtime/a.ts': "import '../test/b.ts'" } },
  { name: 'koffi elsewhere', files: { 'native/mount.ts': "const k = require('koffi')" } },
  {
    name: 'koffi by its binary',
    files: { 'native/mount.ts': "require('@koromix/koffi-x/k.node')" },
  },
  {
    name: 'a file read in a pure folder',
    files: { 'runtime/spec/a.ts': "import fs from 'node:fs'" },
  },
  { name: 'a socket in a pure folder', files: { 'runtime/program/a.ts': "import 'node:net'" } },
  {
    name: 'a process in a pure folder, lazily',
    files: { 'runtime/security/a.ts': "const c = await import('node:child_process')" },
  },
  { name: 'a path without its extension', files: { 'runtime/a.ts': "import { b } from './b'" } },
  { name: 'the whole of zod', files: { 'runtime/a.ts': "import { z } from 'zod'" } },
  { name: 'an http server at start', files: { 'runtime/a.ts': "import http from 'node:http'" } },
  { name: 'a file over 400 lines', files: { 'runtime/a.ts': 'x\n'.repeat(401) } },
  { name: 'a dump', files: { 'runtime/cgroup/utils.ts': '' } },
  {
    name: 'a cycle of three',
    files: {
      'runtime/a.ts': "import './b.ts'",
      'runtime/b.ts': "import './c/c.ts'",
      'runtime/c/c.ts': "import '../a.ts'",
    },
  },
]

for (const { name, files } of broken)
  t.test(`refuses ${name}`, async (t) => {
    t.equal(findViolations(new Map(Object.entries(files))).length, 1)
  })

const accepted: { name: string; files: Record<string, string> }[] = [
  { name: 'an arrow down', files: { 'runtime/a.ts': "import { b } from '../native/b.ts'" } },
  { name: 'zod/mini', files: { 'runtime/a.ts': "import * as z from 'zod/mini'" } },
  {
    name: 'a slow module, lazily',
    files: { 'runtime/a.ts': "const h = await import('node:http')" },
  },
  {
    name: 'a type from a pure folder',
    files: { 'runtime/spec/a.ts': "import type { X } from 'node:fs'" },
  },
  { name: 'an import in a comment', files: { 'native/a.ts': "// import '../runtime/b.ts'" } },
  { name: '400 lines', files: { 'runtime/a.ts': 'x\n'.repeat(400) } },
  {
    name: 'koffi in its file',
    files: { 'native/ffi/library.ts': "require('@koromix/koffi-x/k.node')" },
  },
  {
    name: 'a cycle of types',
    files: { 'runtime/a.ts': "import './b.ts'", 'runtime/b.ts': "import type { A } from './a.ts'" },
  },
]

for (const { name, files } of accepted)
  t.test(`accepts ${name}`, async (t) => {
    t.strictSame(findViolations(new Map(Object.entries(files))), [])
  })

t.test('reads each form of import once', async (t) => {
  const source = `import a, { b } from 'one'
import {
  c,
} from 'two'
import type { D } from 'three'
import 'four'
export { e } from 'five'
const f = await import('six')
type G = typeof import('seven')
`
  const names = readImports(source).map(({ specifier }) => specifier)
  t.strictSame(names, ['one', 'two', 'three', 'four', 'five', 'six', 'seven'])
})
