import type { VolumeSummary } from '../../content-verbs.ts'
import { listNamed } from '../list-named.ts'

/** `volume ls` */
export const volumeLsCommand = listNamed<VolumeSummary>({
  what: 'volume',
  quiet: { words: 'volume names', column: 'Name' },
  headers: { Driver: 'DRIVER', Name: 'VOLUME NAME' },
  defaultTable: '{{.Driver}}\t{{.Name}}',
  list: async (engine) => engine.volumeList(),
  row: ({ mountpoint, created }) => ({ Mountpoint: mountpoint, CreatedAt: created }),
})
