import type { Plugin } from '../framework.ts'

/** Writes the choice as a Binding. */
export const defaultBinder: Plugin = {
  name: 'DefaultBinder',
  bind: async (pod, node, write) => {
    await write(pod, node)
    return true
  },
}
