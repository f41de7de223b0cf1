import { isObject, textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import {
  betaStorageProvisioner,
  bindCompleted,
  boundByController,
  selectedNode,
  storageProvisioner,
} from '../../api/volumes/names.ts'
import { classOf, findVolume, isReservedFor, mismatch } from '../../api/volumes/volume-match.ts'
import { labelSelector } from '../objects/label-selector.ts'
import type { Plan, Remark, Write } from '../writes/write.ts'
import { annotated, bindWrites, claimStatusWrites } from './bind.ts'

export interface ClaimView {
  readonly claim: KubeObject
  /** All of the cluster. */
  readonly volumes: readonly KubeObject[]
  readonly volume: (name: string) => KubeObject | undefined
  readonly storageClass: (name: string) => KubeObject | undefined
  /** The class of claims that name none; undefined where there is none. */
  readonly defaultClass: string | undefined
  /** Names of the pods that use the claim and have no node. */
  readonly waitingPods: readonly string[]
  readonly now: Date
}

/**
 * What is next for a claim: a volume that is there, one that somebody is asked to make, or word of why it waits.
 * Reasons and messages are upstream's.
 */
export function planClaim(view: ClaimView): Plan {
  const { claim } = view
  if (claim.metadata.annotations?.[bindCompleted] !== undefined) return planBound(view)
  const name = textAt(claim, ['spec', 'volumeName']) ?? ''
  return { writes: name === '' ? findForClaim(view) : takeNamed(view, name) }
}

function findForClaim(view: ClaimView): Write[] {
  const { claim, volumes, now, defaultClass } = view
  if (claim.spec?.['storageClassName'] === undefined && classOf(claim) === '' && defaultClass)
    return [
      {
        verb: 'update',
        object: { ...claim, spec: { ...claim.spec, storageClassName: defaultClass } },
      },
    ]
  const storageClass = view.storageClass(classOf(claim))
  const waits = textAt(storageClass, ['volumeBindingMode']) === 'WaitForFirstConsumer'
  const selector = claim.spec?.['selector']
  const selects = isObject(selector) ? labelSelector(selector) : () => true
  const volume = findVolume(claim, volumes, { selects, onlyReserved: waits })
  if (volume) return bindWrites(claim, volume, now)
  const hasNode = claim.metadata.annotations?.[selectedNode] !== undefined
  if (waits && !hasNode) return stayPending(view, remarkOfWaiting(view))
  return askForVolume(view, storageClass)
}

function remarkOfWaiting({ claim, waitingPods }: ClaimView): Remark {
  if (waitingPods.length === 0)
    return remark(
      claim,
      'Normal',
      'WaitForFirstConsumer',
      'waiting for first consumer to be created before binding',
    )
  const pods =
    waitingPods.length === 1
      ? `pod ${waitingPods[0]}`
      : `pods ${waitingPods.toSorted((a, b) => a.localeCompare(b)).join(',')}`
  return remark(claim, 'Normal', 'WaitForPodScheduled', `waiting for ${pods} to be scheduled`)
}

/** Somebody else makes volumes; all that is done here is to tell them for which claim. */
function askForVolume(view: ClaimView, storageClass: KubeObject | undefined): Write[] {
  const { claim } = view
  const name = classOf(claim)
  if (name === '')
    return stayPending(
      view,
      remark(
        claim,
        'Normal',
        'FailedBinding',
        'no persistent volumes available for this claim and no storage class is set',
      ),
    )
  const provisioner = textAt(storageClass, ['provisioner'])
  if (provisioner === undefined)
    return stayPending(
      view,
      failedProvisioning(claim, `storageclass.storage.k8s.io "${name}" not found`),
    )
  if (provisioner.startsWith('kubernetes.io/'))
    return stayPending(
      view,
      failedProvisioning(claim, `no volume plugin matched name: ${provisioner}`),
    )
  const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`
  const said = stayPending(view, remark(claim, 'Normal', 'ExternalProvisioning', message))
  if (claim.metadata.annotations?.[storageProvisioner] === provisioner) return said
  const object = annotated(claim, {
    [storageProvisioner]: provisioner,
    [betaStorageProvisioner]: provisioner,
  })
  return [{ verb: 'update', object }, ...said]
}

/** Somebody said which volume it is to be. */
function takeNamed(view: ClaimView, name: string): Write[] {
  const { claim, now } = view
  const volume = view.volume(name)
  if (!volume) return stayPending(view)
  if (isReservedFor(volume, claim)) return bindWrites(claim, volume, now)
  if (!isObject(volume.spec?.['claimRef'])) {
    const why = mismatch(claim, volume)
    if (why === undefined) return bindWrites(claim, volume, now)
    const message = `Cannot bind to requested volume "${name}": ${why}`
    return stayPending(view, remark(claim, 'Warning', 'VolumeMismatch', message))
  }
  if (claim.metadata.annotations?.[boundByController] !== undefined) return stayPending(view)
  const message = `volume "${name}" already bound to a different claim.`
  return stayPending(view, remark(claim, 'Warning', 'FailedBinding', message))
}

/** What was joined stays so, or is lost: another volume would not have its data. */
function planBound(view: ClaimView): Plan {
  const { claim, now } = view
  const name = textAt(claim, ['spec', 'volumeName']) ?? ''
  if (name === '')
    return lose(
      claim,
      'ClaimLost',
      'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!',
    )
  const volume = view.volume(name)
  if (!volume)
    return lose(
      claim,
      'ClaimLost',
      'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
    )
  if (!isObject(volume.spec?.['claimRef']) || isReservedFor(volume, claim))
    return { writes: bindWrites(claim, volume, now) }
  return lose(
    claim,
    'ClaimMisbound',
    'Two claims are bound to the same volume, this one is bound incorrectly',
  )
}

function lose(claim: KubeObject, reason: string, message: string): Plan {
  if (textAt(claim, ['status', 'phase']) === 'Lost') return { writes: [] }
  const write = claimStatusWrites(claim, { phase: 'Lost' })
  return {
    writes: [...write, { verb: 'remark', remark: remark(claim, 'Warning', reason, message) }],
  }
}

function stayPending({ claim }: ClaimView, said?: Remark): Write[] {
  return [
    ...(said ? [{ verb: 'remark' as const, remark: said }] : []),
    ...claimStatusWrites(claim, { phase: 'Pending' }),
  ]
}

function failedProvisioning(claim: KubeObject, message: string): Remark {
  return remark(claim, 'Warning', 'ProvisioningFailed', message)
}

function remark(about: KubeObject, type: Remark['type'], reason: string, message: string): Remark {
  return { about, type, reason, message }
}
