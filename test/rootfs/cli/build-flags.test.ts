import { Command } from 'commander'
import t from 'tap'
import { type BuildFlags, addBuildFlags, separateContext } from '../../../rootfs/cli/build-flags.ts'

function read(...words: string[]): { folder: string; flags: BuildFlags } {
  const command = addBuildFlags(new Command('build').argument('[context]', '', '.')).exitOverride()
  command.parse(words, { from: 'user' })
  return separateContext(String(command.processedArgs[0]), command.opts<BuildFlags>())
}

const rows: { words: string; folder: string; flags: Partial<BuildFlags> }[] = [
  { words: '', folder: '.', flags: {} },
  { words: 'dir', folder: 'dir', flags: {} },
  { words: '--pull dir', folder: 'dir', flags: { pull: true } },
  { words: '--pull always dir', folder: 'dir', flags: { pull: 'always' } },
  { words: '--pull=never dir', folder: 'dir', flags: { pull: 'never' } },
  { words: '--pull .', folder: '.', flags: { pull: true } },
  { words: '--layers dir', folder: 'dir', flags: {} },
  { words: '--layers=false dir', folder: 'dir', flags: {} },
  { words: '--rm -t a -t b dir', folder: 'dir', flags: { tag: ['a', 'b'] } },
  { words: '--no-cache dir', folder: 'dir', flags: { cache: false } },
  { words: '--no-cache-filter a,b dir', folder: 'dir', flags: { noCacheFilter: ['a', 'b'] } },
  { words: '--explain dir', folder: 'dir', flags: { explain: true } },
]

for (const { words, folder, flags } of rows)
  t.test(`build ${words}`, async (t) => {
    const found = read(...words.split(' ').filter(Boolean))
    t.equal(found.folder, folder)
    t.match(found.flags, flags)
  })
