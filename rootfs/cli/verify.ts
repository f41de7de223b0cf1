import type { Command } from 'commander'
import { type Damage, verifyStore } from '../store/verify-store.ts'
import { imagesInUse } from './images-in-use.ts'
import { withStore } from './register.ts'
import { printError } from './print.ts'

/** `myimage verify`: ends with 1 where something is damaged. */
export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .description('Hash every blob again and compare unpacked layers with their blobs')
    .argument('[image...]', 'only what these images need; the whole store when absent')
    .option('--repair', 'unpack damaged layers again and drop damaged blobs')
    .option('-q, --quiet', 'print damage only')
  withStore(command, async (context, names: string[], flags: VerifyFlags) => {
    const { store, folders, print } = context
    if (!store.exists()) return
    const { blobs, layers, damaged } = await verifyStore(store, {
      images: names.length === 0 ? undefined : names.map((name) => store.require(name)),
      isRepairing: flags.repair,
      inUse: imagesInUse(folders),
      onDamage: (damage) => print(damageText(damage)),
    })
    if (!flags.quiet) print(`${blobs} blobs, ${layers} layers, ${damaged} damaged`)
    if (damaged === 0) return
    process.exitCode = 1
    if (!flags.repair)
      printError('myimage: note: repair what can be repaired with "myimage verify --repair"\n')
  })
}

interface VerifyFlags {
  readonly repair?: true
  readonly quiet?: true
}

function damageText({ kind, subject, what, images, repair }: Damage): string {
  const owners = images.length === 0 ? '' : ` of ${images.join(', ')}`
  return `damaged ${kind} ${subject}${owners}: ${what}${repair === undefined ? '' : ` (${repair})`}`
}
