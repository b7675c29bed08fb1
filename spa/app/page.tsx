import { Home } from "@/shop/home";

export default function Page() {
    return <Home />;
}
