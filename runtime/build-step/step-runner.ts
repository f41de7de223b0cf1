import type { StepRunner } from '../../rootfs/build-steps/run-request.ts'
import { openContext } from '../container/open-engine.ts'

/** What carries RUNs out, for the state root that `--root` names. Opening it makes nothing. */
export function openStepRunner(root: string | undefined): StepRunner {
  const context = openContext(root, process.env)
  return {
    async run(request) {
      const { runStep } = await import('./run-step.ts')
      return runStep(context, request)
    },
    async repair() {
      const { repairBuilds } = await import('./repair-builds.ts')
      await repairBuilds(context)
    },
    async pruneCaches() {
      const { pruneCaches } = await import('./cache-folder.ts')
      return pruneCaches(context.folders.dataDir)
    },
    close: () => context.zygote.close(),
  }
}
