import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseElf } from '../../../rootfs/host-image/elf.ts'
import { builtInFolders, findLibrary } from '../../../rootfs/host-image/find-library.ts'
import { familyName } from '../../../rootfs/host-image/debian-package.ts'
import { packagePathRole } from '../../../rootfs/host-image/add-package.ts'

t.test('reads what the loader reads', async (t) => {
  const elf = parseElf(readFileSync(process.execPath))
  t.match(elf?.interpreter, /ld-linux/)
  const listed = execFileSync('ldd', [process.execPath], { encoding: 'utf8' })
  for (const name of elf?.needed ?? []) t.ok(listed.includes(name), name)
  t.ok((elf?.needed.length ?? 0) > 2)
  for (const name of elf?.needed ?? [])
    t.ok(elf && findLibrary(name, elf, '/', { configured: [] }), `${name} is found`)
})

t.test('what is no ELF file, or a damaged one, has no dependencies', async (t) => {
  t.equal(parseElf(Buffer.from('#!/bin/sh\n'.repeat(20))), undefined)
  t.equal(parseElf(Buffer.alloc(0)), undefined)
  const damaged = Buffer.from(readFileSync(process.execPath).subarray(0, 4096))
  for (let at = 16; at < 4096; at++) {
    const before = damaged[at] ?? 0
    damaged[at] = 0xff
    t.doesNotThrow(() => parseElf(damaged), `byte ${at}`)
    damaged[at] = before
  }
})

t.test('a library of another architecture is passed over', async (t) => {
  const elf = { interpreter: undefined, needed: [], rpath: [], runpath: [], architecture: '32/3' }
  t.equal(
    findLibrary('libc.so.6', elf, '/', { configured: [] })?.includes(builtInFolders[0] ?? ''),
    undefined,
  )
})

t.test('families of packages', async (t) => {
  for (const [name, family] of [
    ['nginx-core', 'nginx'],
    ['postgresql-15:amd64', 'postgresql'],
    ['libpython3.11-stdlib', 'python3.11'],
  ] as const)
    t.equal(familyName(name), family)
})

t.test('what of a package goes into an image', async (t) => {
  for (const [path, role] of [
    ['/etc/nginx/nginx.conf', 'configuration'],
    ['/etc/init.d/nginx', 'nothing'],
    ['/etc/logrotate.d/nginx', 'nothing'],
    ['/usr/share/nginx/html/index.html', 'file'],
    ['/usr/share/doc/nginx/copyright', 'nothing'],
    ['/usr/lib/x86_64-linux-gnu/nginx/module.so', 'file'],
    ['/var/lib/nginx', 'folder'],
    ['/var/lib/dpkg', 'nothing'],
  ] as const)
    t.equal(packagePathRole(path, 'nginx'), role, path)
})
