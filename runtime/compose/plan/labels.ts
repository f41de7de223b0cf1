// The labels by which containers, networks and volumes are found again: those of docker compose, so that its users' scripts
// and other tools see what belongs together.

import type { Project } from '../model/project.ts'

export const label = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  number: 'com.docker.compose.container-number',
  oneOff: 'com.docker.compose.oneoff',
  hash: 'com.docker.compose.config-hash',
  image: 'com.docker.compose.image',
  dependsOn: 'com.docker.compose.depends_on',
  folder: 'com.docker.compose.project.working_dir',
  files: 'com.docker.compose.project.config_files',
  network: 'com.docker.compose.network',
  volume: 'com.docker.compose.volume',
  version: 'com.docker.compose.version',
} as const

export function projectLabels({ name, folder, files }: Project): Record<string, string> {
  return {
    [label.project]: name,
    [label.folder]: folder,
    [label.files]: files.join(','),
  }
}
