"""Train the small image encoder: what does an image show, of a thousand classes?"""
