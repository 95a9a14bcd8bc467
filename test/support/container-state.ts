/** What a container's shim says of it; the parts that tests look at. */
export interface ContainerState {
  readonly id: string;
  readonly status: string;
  readonly pid: number;
  readonly shimPid: number;
  readonly exitCode: number;
  readonly restartCount: number;
}
