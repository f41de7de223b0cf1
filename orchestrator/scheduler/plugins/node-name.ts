import { rejectFinally } from '../framework.ts'
import type { Plugin } from '../framework.ts'

export const nodeName: Plugin = {
  name: 'NodeName',
  prepareFilter: ({ nodeName: wanted }) =>
    wanted === ''
      ? undefined
      : {
          filter: ({ name }) =>
            name === wanted
              ? undefined
              : rejectFinally("node(s) didn't match the requested node name"),
        },
  hints: [{ on: 'node-added' }],
}
