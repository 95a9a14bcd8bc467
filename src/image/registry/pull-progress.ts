/** What happens to one layer of an image that is pulled or pushed; Docker's words. */
export interface LayerProgress {
  /** First twelve hex digits of the layer's digest; empty for what is about the image. */
  readonly layer: string;
  readonly status:
    | 'Pulling fs layer'
    | 'Already exists'
    | 'Downloading'
    | 'Pull complete'
    | 'Preparing'
    | 'Compressing'
    | 'Pushing'
    | 'Pushed'
    | 'Layer already exists'
    | 'Mounted';
  /** Bytes so far and in all; only while they move. */
  readonly current?: number;
  readonly total?: number;
}
