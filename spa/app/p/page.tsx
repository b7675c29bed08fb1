import { ProductPage } from "@/shop/product-page";

export default function Page() {
    return <ProductPage />;
}
