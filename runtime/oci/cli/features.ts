import { buildFeatures } from '../../spec/features.ts'
import { packageVersion } from './about.ts'
import type { OciCommand } from './oci-command.ts'

/** `features` */
export const featuresCommand: OciCommand = {
  usage: '',
  summary: 'Show what this runtime implements, as JSON',
  flags: [],
  minimumArguments: 0,
  maximumArguments: 0,
  async run({ print }) {
    print(`${JSON.stringify(buildFeatures(packageVersion()), undefined, 2)}\n`)
    return 0
  },
}
