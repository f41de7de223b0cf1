import t from 'tap'
import { parseFlags } from '../../../runtime/cli/flag-parser.ts'
import type { ParsedFlags } from '../../../runtime/cli/parsed-flags.ts'
import { execCommand } from '../../../runtime/oci/cli/exec.ts'
import { processFromFlags } from '../../../runtime/oci/exec-process.ts'

const own = {
  cwd: '/own',
  user: { uid: 5, gid: 6, additionalGids: [7] },
  env: ['A=a'],
  capabilities: { bounding: ['CAP_KILL'], effective: ['CAP_KILL'], inheritable: [] },
}

function flags(...words: string[]): ParsedFlags {
  return parseFlags(words, execCommand.flags, { command: 'exec', interspersed: false }).flags
}

t.test('the process of exec: the container’s own, with what the flags say', async (t) => {
  t.match(processFromFlags(flags(), ['ls'], own), {
    args: ['ls'],
    cwd: '/own',
    user: own.user,
    env: ['A=a'],
    terminal: false,
  })
  t.match(
    processFromFlags(flags('-t', '--cwd', '/x', '-e', 'B=b', '--no-new-privs'), ['ls'], own),
    {
      terminal: true,
      cwd: '/x',
      env: ['A=a', 'B=b'],
      noNewPrivileges: true,
    },
  )
  const given = flags('-e', 'A=b', '-e', 'AB=c')
  t.strictSame(processFromFlags(given, ['ls'], own).env, ['A=b', 'AB=c'], 'in place of its own')
  t.match(processFromFlags(flags('-u', '1:2', '-g', '8'), ['ls'], own).user, {
    uid: 1,
    gid: 2,
    additionalGids: [7, 8],
  })
  t.match(processFromFlags(flags('-u', '1'), ['ls'], own).user, { uid: 1, gid: 6 })
  t.strictSame(processFromFlags(flags('--cap', 'CAP_CHOWN'), ['ls'], own).capabilities, {
    bounding: ['CAP_KILL', 'CAP_CHOWN'],
    effective: ['CAP_KILL', 'CAP_CHOWN'],
    permitted: ['CAP_CHOWN'],
    inheritable: [],
  })
})

t.test('refused', async (t) => {
  const cases = [
    [],
    ['-u', ' 0'],
    ['-u', '-1'],
    ['-u', '4294967295'],
    ['-u', '1:'],
    ['-u', 'root'],
    ['-g', 'x'],
  ]
  for (const words of cases)
    t.throws(
      () => processFromFlags(flags(...words), words.length === 0 ? [] : ['ls'], own),
      { code: 'INVALID_ARGUMENT' },
      words.join(' '),
    )
})
