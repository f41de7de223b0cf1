import { localPathProvisioner, storageProvisioner } from '../../api/volumes/names.ts'
import { classOf } from '../../api/volumes/volume-match.ts'
import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { keyOf, splitKey } from '../objects/ownership.ts'
import { isTerminating } from '../objects/pod-facts.ts'
import { planLocalPath, planLostFolder } from './plan-local-path.ts'

/** Volumes that are folders of nodes, for claims of the class that is there from the beginning. */
export const startLocalPathProvisioner: StartController = (context) => {
  const { informers } = context
  const claims = informers.of(kinds.claim)
  const volumes = informers.of(kinds.volume)
  const classes = informers.of(kinds.storageClass)
  const nodes = informers.of(kinds.node)
  const provisioner = startKeyController(context, {
    name: localPathProvisioner,
    kind: kinds.claim,
    reads: [kinds.claim, kinds.volume, kinds.storageClass, kinds.node],
    plan: (key) => {
      const claim = claims.get(splitKey(key))
      if (!claim) return { writes: [] }
      return planLocalPath({
        claim,
        storageClass: classes.get({ name: classOf(claim) }),
        volume: (name) => volumes.get({ name }),
        node: (name) => nodes.get({ name }),
      })
    },
  })
  const cleaner = startKeyController(context, {
    name: 'local-path-cleaner',
    kind: kinds.volume,
    reads: [kinds.volume, kinds.node],
    plan: (key) => {
      const volume = volumes.get(splitKey(key))
      if (!volume) return { writes: [] }
      return planLostFolder(volume, (name) => nodes.get({ name }) !== undefined)
    },
  })
  claims.onChange((claim, isThere) => {
    const { annotations = {} } = claim.metadata
    if (isThere && annotations[storageProvisioner] === localPathProvisioner)
      provisioner.add(keyOf(claim))
  })
  const addGoing = (): void => {
    for (const volume of volumes.list()) if (isTerminating(volume)) cleaner.add(keyOf(volume))
  }
  volumes.onChange((volume, isThere) => {
    if (isThere && isTerminating(volume)) cleaner.add(keyOf(volume))
  })
  nodes.onChange((_node, isThere) => {
    if (!isThere) addGoing()
  })
  return {
    stop: async () => {
      await Promise.all([provisioner.stop(), cleaner.stop()])
    },
  }
}
