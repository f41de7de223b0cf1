import { accessModes } from '../../../api/print/cells.ts'
import { listAt, textAt, valueAt } from '../../../api/object.ts'
import type { KubeObject } from '../../../api/object.ts'
import type { Session } from '../session.ts'
import { texts } from './describe-service.ts'
import { annotations, heading, labels, list } from './page.ts'
import type { Page } from './page.ts'
import { related, relatedKinds } from './related.ts'

export async function describeClaim(
  page: Page,
  claim: KubeObject,
  session: Session,
): Promise<void> {
  const { name, namespace, finalizers } = claim.metadata
  const bound = textAt(claim, ['spec', 'volumeName']) ?? ''
  const modes = texts(valueAt(claim, ['status', 'accessModes']))
  const pods = await related(session, relatedKinds.pods, { namespace })
  const users = pods.filter((pod) =>
    listAt(pod, ['spec', 'volumes']).some(
      (volume) => textAt(volume, ['persistentVolumeClaim', 'claimName']) === name,
    ),
  )
  heading(page, claim)
  page.line(0, 'StorageClass:', textAt(claim, ['spec', 'storageClassName']) ?? '')
  page.line(0, 'Status:', textAt(claim, ['status', 'phase']) ?? '')
  page.line(0, 'Volume:', bound)
  labels(page, claim)
  annotations(page, claim.metadata.annotations)
  page.line(0, 'Finalizers:', finalizers ?? [])
  const capacity = bound === '' ? '' : textAt(claim, ['status', 'capacity', 'storage'])
  page.line(0, 'Capacity:', capacity ?? '')
  const shownModes = modes.map((mode) => accessModes[mode] ?? mode).join(',')
  page.line(0, 'Access Modes:', bound === '' ? '' : shownModes)
  const mode = textAt(claim, ['spec', 'volumeMode'])
  if (mode !== undefined) page.line(0, 'VolumeMode:', mode)
  list(
    page,
    'Used By:',
    users.map((pod) => pod.metadata.name ?? ''),
  )
}
