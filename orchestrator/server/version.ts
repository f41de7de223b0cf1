/** The version of the Kubernetes API that is served; clients choose what to send by it. */
export const kubernetesVersion = 'v1.33.0'

export function versionInfo() {
  return {
    major: '1',
    minor: '33',
    gitVersion: `${kubernetesVersion}+myorch`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: 'node',
    platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  }
}
