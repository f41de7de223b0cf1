import { existsSync, readFileSync } from 'node:fs'
import { ffiLibraryPath, shimPath } from '../../../native/paths.ts'
import type { Finding } from './finding.ts'
import { startChecks } from './finding.ts'
import { findProgram } from './probe-host.ts'

/** Our own built parts, and the programs of the host that some features use. */
export function checkPrograms(path: string): Finding[] {
  const checks = startChecks('programs')
  const [major = 0] = process.versions.node.split('.').map(Number)
  checks.require('node', major >= 20, {
    ok: `${process.version}, ${process.execPath}`,
    gap: `${process.version} is older than 20`,
    fix: 'npm install (it brings a Node of its own)',
  })
  for (const [name, file] of [
    ['shim', shimPath],
    ['FFI library', ffiLibraryPath],
  ] as const)
    checks.require(name, existsSync(file), {
      ok: file,
      gap: `${file} is not built`,
      fix: 'npm run build, which needs a C compiler: apt install gcc libc6-dev',
    })
  const compiler = ['cc', 'gcc', 'clang'].map((name) => findProgram(name, path)).find(Boolean)
  checks.prefer('C compiler', compiler !== undefined, {
    ok: `${compiler}`,
    gap: 'none: the native parts cannot be built again',
    fix: 'apt install gcc libc6-dev',
  })
  for (const { name, use, fix } of optionalPrograms) {
    const file = findProgram(name, path)
    checks.prefer(name, file !== undefined, {
      ok: `${file}`,
      gap: `not installed: ${use}`,
      fix,
    })
  }
  checks.prefer('systemd', isSystemd(), {
    ok: 'process 1: rootless users can have control groups delegated',
    gap: 'not process 1: containers are not started again at boot by units, no delegated groups',
    fix: 'None needed; start "mycontainer" from the init system of this host',
  })
  return checks.findings
}

const optionalPrograms = [
  { name: 'nft', use: 'nobody but us can list our firewall rules', fix: 'apt install nftables' },
  { name: 'criu', use: 'no checkpoint and restore', fix: 'apt install criu' },
  {
    name: 'qemu-system-x86_64',
    use: 'the virtual machine tests cannot run',
    fix: 'apt install qemu-system-x86',
  },
] as const

function isSystemd(): boolean {
  try {
    return readFileSync('/proc/1/comm', 'utf8').trim() === 'systemd'
  } catch {
    return false
  }
}
