/** A phone number as a page shows it. */
export interface PhoneNumber {
  /** For people: +91 99999 99999. */
  text: string;
  /** For a link: tel:+919999999999. */
  href: string;
}
