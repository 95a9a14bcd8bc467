/** Listings, `inspect`, and their `--format`. */
export { inspectFormatFlag, printInspected } from './inspected.ts';
export {
  formatFlag,
  type Listing,
  type ListingRow,
  listFormatFlag,
  renderListing,
} from './listing.ts';
