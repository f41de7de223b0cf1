import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

// V8's flags of a short command stand where three languages need them: the launcher, the command that a monitor becomes,
// and the code cache, which V8 throws away where they differ from those it was made under.

const checkout = join(import.meta.dirname, '../..')

for (const { file, list } of [
  { file: 'native/shim/client.c', list: /short_command_flags\[\] = \{([^}]*)\}/ },
  { file: 'scripts/build-bundles.mjs', list: /mycontainer: \[([^\]]*--v8[^\]]*)\]/ },
  { file: 'runtime/container/monitor-commands.ts', list: /shortCommandFlags = \[([^\]]*)\]/ },
])
  t.test(`${file} has the flags of the launcher`, async (t) => {
    const flags = (path: string, pattern: RegExp): string[] =>
      [
        ...(pattern.exec(readFileSync(join(checkout, path), 'utf8'))?.[1] ?? '').matchAll(
          /--[\w=-]+/g,
        ),
      ].map(([flag]) => flag)
    const wanted = flags('native/shim/client.c', /short_command_flags\[\] = \{([^}]*)\}/)
    t.ok(wanted.length > 0)
    t.strictSame(flags(file, list), wanted)
  })
