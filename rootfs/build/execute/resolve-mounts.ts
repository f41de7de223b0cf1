import type { MountSource, RunMount } from '../../build-steps/run-request.ts'
import { complain } from '../dockerfile/dockerfile-error.ts'
import type { PlannedMount, RunStepPlan } from '../plan/planned-step.ts'
import type { PerformScope } from './perform-step.ts'

/** Mounts of a RUN as the executor takes them: stages as their layers, secrets as their content. */
export async function resolveMounts(plan: RunStepPlan, scope: PerformScope): Promise<RunMount[]> {
  const mounts: RunMount[] = []
  for (const planned of plan.mounts) {
    const mount = await resolveMount(plan, planned, scope)
    if (mount) mounts.push(mount)
  }
  return mounts
}

async function resolveMount(
  plan: RunStepPlan,
  planned: PlannedMount,
  scope: PerformScope,
): Promise<RunMount | undefined> {
  const { mount } = planned
  const target = mount.target ?? ''
  const { source, mode, uid, gid } = mount
  switch (mount.type) {
    case 'bind': {
      const from = await mountSource(plan, planned, scope)
      return { kind: 'bind', target, from, source, readWrite: !mount.readOnly }
    }
    case 'cache': {
      const from = planned.origin && (await mountSource(plan, planned, scope))
      const { id, readOnly, sharing } = mount
      return { kind: 'cache', target, id, readOnly, sharing, from, source, mode, uid, gid }
    }
    case 'tmpfs':
      return { kind: 'tmpfs', target, size: mount.size }
    case 'secret':
      return secretMount(plan, planned, scope)
    case 'ssh':
      if (!mount.required) return undefined
      throw complain(plan.source, {
        code: 'UNSUPPORTED',
        problem: 'ssh agents are not forwarded',
        expected: 'a secret with the key: --mount=type=secret,id=…',
      })
  }
}

async function mountSource(
  plan: RunStepPlan,
  { origin }: PlannedMount,
  scope: PerformScope,
): Promise<MountSource> {
  if (origin) return { kind: 'layers', folders: await scope.foldersOf(origin) }
  const source = await scope.sources.context(plan.source)
  return { kind: 'context', folder: scope.request.context?.folder ?? '', source }
}

function secretMount(
  plan: RunStepPlan,
  { mount }: PlannedMount,
  { request }: PerformScope,
): RunMount | undefined {
  const id = mount.id ?? mount.target?.split('/').at(-1) ?? ''
  const content = request.secrets.get(id)
  if (content === undefined) {
    if (!mount.required) return undefined
    throw complain(plan.source, {
      code: 'NOT_FOUND',
      problem: `the secret "${id}" is required and was not given`,
      expected: `--secret id=${id},src=FILE`,
    })
  }
  const { env, mode, uid, gid } = mount
  const target = mount.target ?? (env === undefined ? `/run/secrets/${id}` : undefined)
  return { kind: 'secret', target, env, content, mode, uid, gid }
}
