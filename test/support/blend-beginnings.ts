/**
 * The first bytes of files that these Blenders have saved, up to the code of the second block, deflated, as base64: a
 * scene "Akt" from 0 to 123, and another one from 5 to 9 that is not active.
 */
export const beginnings = {
  "2.83": "c/Jx9XNxDdItM7IwDnL1c/FgYGBYcLtS4V89AxgwQiiGagYGBsfsEgZKQIhrcAgA",
  "3.4": "c/Jx9XNxDdItMzYwCXL1c/FgYGA4MP1Iyr96BjBghFAM1QwMDI7ZJQyUgBDX4BAA",
  "4.3": "c/Jx9XNxDdItMzEwDnL1c/FgYGBIWFr34l89AxgwQiiGagYGBsfsEgZKgLuPvxMA",
  "5.2": "c/Jx9XNxDTI01zUwLDMwNTAKcvVzYWBgYBBggAAORggNpcCgmoGBwTG7hGEkgxDX4BAA",
} as const;
