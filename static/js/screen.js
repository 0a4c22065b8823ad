/** <img data-screen="url"> shows an instance's screen, and a newer picture every few seconds while somebody looks. */

const EVERY = 5000;

async function refresh() {
  const image = document.querySelector("img[data-screen]");
  if (image && !document.hidden) {
    const picture = new Image();
    picture.src = `${image.dataset.screen}?${Date.now()}`;
    try {
      await picture.decode();
      image.src = picture.src;
      image.hidden = false;
    } catch {
      // No picture now, such as just before the guest draws its first one: the old one stays.
    }
  }
  setTimeout(refresh, EVERY);
}

refresh();
