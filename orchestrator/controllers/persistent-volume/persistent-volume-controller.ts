import { isObject, textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { bindCompleted } from '../../api/volumes/names.ts'
import { findDefaultClass } from '../../api/volumes/default-class.ts'
import { claimIndex, indexByClaim } from '../objects/pods-of-claim.ts'
import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { keyOf, splitKey } from '../objects/ownership.ts'
import { planClaim } from './plan-claim.ts'
import { planVolume } from './plan-volume.ts'

const name = 'persistentvolume-controller'

/** Claims and volumes: who has whom, and what becomes of what nobody has any more. */
export const startPersistentVolumeController: StartController = (context) => {
  const { informers } = context
  const claims = informers.of(kinds.claim)
  const volumes = informers.of(kinds.volume)
  const classes = informers.of(kinds.storageClass)
  const pods = informers.of(kinds.pod)
  indexByClaim(pods)
  const waitingPods = (key: string): string[] =>
    pods
      .byIndex(claimIndex, key)
      .filter((pod) => !textAt(pod, ['spec', 'nodeName']))
      .map(({ metadata }) => metadata.name ?? '')
  const ofClaims = startKeyController(context, {
    name,
    kind: kinds.claim,
    reads: [kinds.claim, kinds.volume, kinds.storageClass, kinds.pod],
    plan: (key, now) => {
      const claim = claims.get(splitKey(key))
      if (!claim) return { writes: [] }
      return planClaim({
        claim,
        volumes: volumes.list(),
        volume: (of) => volumes.get({ name: of }),
        storageClass: (of) => classes.get({ name: of }),
        defaultClass: findDefaultClass(classes.list()),
        waitingPods: waitingPods(key),
        now,
      })
    },
  })
  const ofVolumes = startKeyController(context, {
    name: 'persistentvolume-reclaimer',
    component: name,
    kind: kinds.volume,
    reads: [kinds.volume, kinds.claim],
    plan: (key, now) => {
      const volume = volumes.get(splitKey(key))
      const claim = (namespace: string, of: string): KubeObject | undefined =>
        claims.get({ namespace, name: of })
      return volume ? planVolume({ volume, claim, now }) : { writes: [] }
    },
  })
  const addWaitingClaims = (): void => {
    for (const claim of claims.list())
      if (claim.metadata.annotations?.[bindCompleted] === undefined) ofClaims.add(keyOf(claim))
  }
  claims.onChange((claim, isThere) => {
    ofClaims.add(keyOf(claim))
    const volume = textAt(claim, ['spec', 'volumeName'])
    if (volume) ofVolumes.add(volume)
    if (isThere) return
    for (const one of volumes.list()) if (refersTo(one, claim)) ofVolumes.add(keyOf(one))
  })
  volumes.onChange((volume) => {
    ofVolumes.add(keyOf(volume))
    const reference = volume.spec?.['claimRef']
    if (!isObject(reference)) return addWaitingClaims()
    ofClaims.add(`${textAt(reference, ['namespace'])}/${textAt(reference, ['name'])}`)
  })
  classes.onChange(addWaitingClaims)
  return {
    stop: async () => {
      await Promise.all([ofClaims.stop(), ofVolumes.stop()])
    },
  }
}

function refersTo(volume: KubeObject, { metadata }: KubeObject): boolean {
  return textAt(volume, ['spec', 'claimRef', 'uid']) === metadata.uid
}
